import type {
  AgentEventStore,
  EventIdentity,
  EventQuery,
  EventStatistics,
  RecordOutcome,
} from '../../../../application/ports/control/agent-event-store.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type {
  AgentEventId,
  AgentEventState,
  AgentRoute,
  ReviewId,
} from '../../../../domain/control/agent-event-state.ts';
import { ended } from '../../../../domain/control/verdict-end.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';
import { statisticsOf } from './event-statistics.ts';

const identityOf = ({ owner, eventId, sha256 }: EventIdentity): string => `${sha256} ${owner} ${eventId}`;
const identityOfState = ({ owner, sha256, claims }: AgentEventState): string =>
  identityOf({ owner, sha256, eventId: claims.eventId });
const routeName = ({ owner, sessionId }: AgentRoute): string => JSON.stringify([owner, sessionId]);
const byId = (left: AgentEventState, right: AgentEventState): number => (left.id < right.id ? -1 : 1);
const isPending = ({ review }: AgentEventState): boolean => review?.status === 'pending';
const isDue = ({ delivery }: AgentEventState): boolean => delivery === 'due';
const deadlineOf = ({ review }: AgentEventState): number => review?.deadlineAtMs ?? Infinity;

/** Agents' events in one process's memory. */
export class MemoryAgentEventStore implements AgentEventStore {
  readonly #states = new Map<AgentEventId, AgentEventState>();
  readonly #byIdentity = new Map<string, AgentEventId>();
  readonly #audit: MemoryAuditLog;

  constructor(audit = new MemoryAuditLog()) {
    this.#audit = audit;
  }

  async record(
    states: readonly AgentEventState[],
    bounds: { readonly maxPendingReviews: number },
  ): Promise<readonly RecordOutcome[]> {
    return states.map((state) => this.#record(state, bounds.maxPendingReviews));
  }

  async put(
    next: AgentEventState,
    expected: string,
    audit?: readonly AuditRecord[],
  ): Promise<'stored' | 'outdated'> {
    if (this.#states.get(next.id)?.mark !== expected) return 'outdated';
    this.#states.set(next.id, next);
    this.#audit.add(audit);
    return 'stored';
  }

  async find(id: AgentEventId): Promise<AgentEventState | undefined> {
    return this.#states.get(id);
  }

  async findSame(identity: EventIdentity): Promise<AgentEventState | undefined> {
    return this.#same(identityOf(identity));
  }

  async findByReview(id: ReviewId): Promise<AgentEventState | undefined> {
    return this.#where(({ review }) => review?.id === id)[0];
  }

  async findNewest(eventId: string, owner?: SubscriberOwner): Promise<AgentEventState | undefined> {
    return this.#where(
      (state) => state.claims.eventId === eventId && (owner === undefined || state.owner === owner),
    ).at(-1);
  }

  async list(query: EventQuery): Promise<readonly AgentEventState[]> {
    const { owner, sessionId, agentId, reviewed, order, after, limit, maxBytes } = query;
    const matching = this.#where(
      (state) =>
        (owner === undefined || state.owner === owner) &&
        (sessionId === undefined || state.sessionId === sessionId) &&
        (agentId === undefined || state.claims.agentId === agentId) &&
        (reviewed === undefined || state.review !== undefined) &&
        (reviewed?.status === undefined || state.review?.status === reviewed.status) &&
        (after === undefined || (order === 'newest-first' ? state.id < after : state.id > after)),
    );
    if (order === 'newest-first') matching.reverse();
    let bytes = 0;
    const fitting = matching.findIndex((state, index) => {
      bytes += state.bytes.length;
      return bytes > maxBytes && index > 0;
    });
    return matching.slice(0, fitting === -1 ? limit : Math.min(fitting, limit));
  }

  async due(route: AgentRoute, limit: number): Promise<readonly AgentEventState[]> {
    const name = routeName(route);
    return this.#where((state) => isDue(state) && routeName(state) === name).slice(0, limit);
  }

  async ofConnection(connection: string, limit: number): Promise<readonly AgentEventState[]> {
    return this.#where(
      ({ delivery, origin }) =>
        origin?.connection === connection && (delivery === 'due' || delivery === 'waiting'),
    ).slice(0, limit);
  }

  async dueRoutes(sinceMs: number, limit: number): Promise<readonly AgentRoute[]> {
    const due = this.#where((state) => isDue(state) && (state.dueSinceMs ?? 0) >= sinceMs);
    const routes = new Map(
      due.map(({ owner, sessionId }) => [routeName({ owner, sessionId }), { owner, sessionId }]),
    );
    return [...routes.values()].slice(0, limit);
  }

  async delivered(
    verdicts: ReadonlyArray<{ readonly id: AgentEventId; readonly mark: string }>,
  ): Promise<void> {
    for (const { id, mark } of verdicts) {
      const state = this.#states.get(id);
      if (state?.mark === mark && isDue(state)) this.#states.set(id, ended(state, 'delivered'));
    }
  }

  async overdue(nowMs: number, limit: number): Promise<readonly AgentEventState[]> {
    return this.#where((state) => isPending(state) && deadlineOf(state) <= nowMs)
      .sort((left, right) => deadlineOf(left) - deadlineOf(right) || byId(left, right))
      .slice(0, limit);
  }

  async pendingReviews(): Promise<number> {
    return this.#where(isPending).length;
  }

  async lapse(dueBeforeMs: number, limit: number): Promise<number> {
    const late = this.#where((state) => isDue(state) && (state.dueSinceMs ?? 0) < dueBeforeMs);
    for (const state of late.slice(0, limit)) this.#states.set(state.id, ended(state, 'lapsed'));
    return Math.min(late.length, limit);
  }

  async forget(receivedBeforeMs: number, limit: number): Promise<number> {
    const old = this.#where((state) => state.receivedAtMs < receivedBeforeMs && !isPending(state));
    for (const state of old.slice(0, limit)) {
      this.#states.delete(state.id);
      this.#byIdentity.delete(identityOfState(state));
    }
    return Math.min(old.length, limit);
  }

  async statistics(sinceMs: number): Promise<EventStatistics> {
    return statisticsOf(this.#where(({ receivedAtMs }) => receivedAtMs >= sinceMs));
  }

  #record(state: AgentEventState, maxPendingReviews: number): RecordOutcome {
    const identity = identityOfState(state);
    const known = this.#same(identity);
    if (known !== undefined) return { kind: 'known', state: known };
    const { owner, claims } = state;
    const own = [...this.#states.values()].filter((other) => other.owner === owner);
    if (isPending(state) && own.filter(isPending).length >= maxPendingReviews)
      return { kind: 'reviews-full' };
    this.#states.set(state.id, state);
    this.#byIdentity.set(identity, state.id);
    return { kind: 'recorded', isVariant: own.some((other) => other.claims.eventId === claims.eventId) };
  }

  #same(identity: string): AgentEventState | undefined {
    const id = this.#byIdentity.get(identity);
    return id && this.#states.get(id);
  }

  /** Those of which it is true, by id. */
  #where(isMeant: (state: AgentEventState) => boolean): AgentEventState[] {
    return [...this.#states.values()].filter(isMeant).sort(byId);
  }
}
