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
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { LISTED_AT_ONCE } from './agent-event-lists.ts';
import type {
  DeliveredInput,
  PutEventInput,
  RecordAnswer,
  RecordEventsInput,
  SweepInput,
} from './agent-event-operations.ts';
import {
  changingValues,
  EVENTS_OF_A_MILLISECOND,
  firstSeqOf,
  fixedValues,
  keyOf,
  keysOf,
  seqAt,
  stateFrom,
} from './agent-event-rows.ts';
import { listEvents } from './event-list.ts';
import { countEvents } from './event-statistics.ts';

const SELECT = 'SELECT agent_events.*, bytes FROM agent_events JOIN agent_event_bytes USING (seq)';

/** Agents' events in the embedded store. */
export class SqliteAgentEventStore implements AgentEventStore {
  readonly #store: SqliteStore;
  readonly #listedAtOnce: number;
  /** Events that may not be in their lists yet; those that a stopped server has left count as enough to begin with. */
  #unlisted: number;
  #isListing = false;
  /** Hears why events could not be put into their lists, each time that it was tried. */
  onUnlisted: (cause: unknown) => void = () => {};

  constructor(store: SqliteStore, listedAtOnce = LISTED_AT_ONCE) {
    this.#store = store;
    this.#listedAtOnce = listedAtOnce;
    this.#unlisted = listedAtOnce;
  }

  async record(
    states: readonly AgentEventState[],
    { maxPendingReviews }: { readonly maxPendingReviews: number },
  ): Promise<readonly RecordOutcome[]> {
    if (states.length === 0) return [];
    let end = 0;
    const rows = states.map((state) => {
      end += state.bytes.length;
      return { fixed: fixedValues(state), changing: changingValues(state), end };
    });
    const input: RecordEventsInput = { rows, bytes: joined(states, end), maxPendingReviews };
    const answers = await this.#store.write<RecordAnswer[]>('control.record-events', input, 'full');
    this.#unlisted += answers.filter((answer) => answer === 'recorded' || answer === 'variant').length;
    if (this.#unlisted >= this.#listedAtOnce) void this.#listThem();
    return answers.map(outcomeOf);
  }

  put(
    next: AgentEventState,
    expected: string,
    audit?: readonly AuditRecord[],
  ): Promise<'stored' | 'outdated'> {
    const input: PutEventInput = { id: next.id, changing: changingValues(next), expected, audit };
    return this.#store.write('control.put-event', input, 'full');
  }

  async find(id: AgentEventId): Promise<AgentEventState | undefined> {
    const first = firstSeqOf(id);
    const end = first + EVENTS_OF_A_MILLISECOND;
    return (await this.#where('seq >= ? AND seq < ? AND id = ?', first, end, id))[0];
  }

  async findSame(identity: EventIdentity): Promise<AgentEventState | undefined> {
    const { event, owner, bytes } = keysOf(identity);
    const found = await this.#where(
      'event_key = ? AND owner_key = ? AND bytes_key = ? AND owner = ? AND event_id = ? AND sha256 = unhex(?)',
      event,
      owner,
      bytes,
      identity.owner,
      identity.eventId,
      identity.sha256,
    );
    return found[0];
  }

  async findByReview(id: ReviewId): Promise<AgentEventState | undefined> {
    return (await this.#where('review_id = ?', id))[0];
  }

  async findNewest(eventId: string, owner?: SubscriberOwner): Promise<AgentEventState | undefined> {
    // An agent may have called any number of events the same: the bytes of one are read.
    const newest = (conditions: string): string =>
      `seq = (SELECT seq FROM agent_events WHERE ${conditions} ORDER BY seq DESC LIMIT 1)`;
    const found =
      owner === undefined
        ? await this.#where(newest('event_key = ? AND event_id = ?'), keyOf(eventId), eventId)
        : await this.#where(
            newest('event_key = ? AND owner_key = ? AND event_id = ? AND +owner = ?'),
            keyOf(eventId),
            keyOf(owner),
            eventId,
            owner,
          );
    return found[0];
  }

  list(query: EventQuery): Promise<readonly AgentEventState[]> {
    return this.#store.read((db) => listEvents(db, query));
  }

  due({ owner, sessionId }: AgentRoute, limit: number): Promise<readonly AgentEventState[]> {
    const sql = "owner = ? AND session_id = ? AND delivery = 'due' ORDER BY seq LIMIT ?";
    return this.#where(sql, owner, sessionId, limit);
  }

  ofConnection(connection: string, limit: number): Promise<readonly AgentEventState[]> {
    const sql = "connection = ? AND delivery IN ('due', 'waiting') ORDER BY seq LIMIT ?";
    return this.#where(sql, connection, limit);
  }

  dueRoutes(sinceMs: number, limit: number): Promise<readonly AgentRoute[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT DISTINCT owner, session_id FROM agent_events INDEXED BY agent_events_due_since
           WHERE delivery = 'due' AND due_since_ms >= ? LIMIT ?`,
        )
        .all(sinceMs, limit)
        .map((row) => ({ owner: row.owner as SubscriberOwner, sessionId: row.session_id as string })),
    );
  }

  async delivered(
    verdicts: ReadonlyArray<{ readonly id: AgentEventId; readonly mark: string }>,
  ): Promise<void> {
    if (verdicts.length === 0) return;
    const input: DeliveredInput = { verdicts };
    // One that a power cut takes back is sent again.
    await this.#store.write('control.delivered', input, 'normal');
  }

  overdue(nowMs: number, limit: number): Promise<readonly AgentEventState[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT agent_events.*, bytes
           FROM agent_events INDEXED BY agent_events_deadlines JOIN agent_event_bytes USING (seq)
           WHERE review_status = 'pending' AND review_deadline_ms <= ?
           ORDER BY review_deadline_ms, seq LIMIT ?`,
        )
        .all(nowMs, limit)
        .map(stateFrom),
    );
  }

  pendingReviews(): Promise<number> {
    return this.#store.read((db) => {
      const sql = "SELECT count(*) AS pending FROM agent_events WHERE review_status = 'pending'";
      return db.prepare(sql).get()?.pending as number;
    });
  }

  lapse(dueBeforeMs: number, limit: number): Promise<number> {
    const input: SweepInput = { before: dueBeforeMs, limit };
    return this.#store.write('control.lapse-verdicts', input, 'normal');
  }

  forget(receivedBeforeMs: number, limit: number): Promise<number> {
    const input: SweepInput = { before: seqAt(receivedBeforeMs), limit };
    return this.#store.write('control.forget-events', input, 'normal');
  }

  statistics(sinceMs: number): Promise<EventStatistics> {
    return countEvents(this.#store, sinceMs);
  }

  /** Puts events into their lists. Never rejects: what could not be listed is found without, and is with the next ones. */
  async #listThem(): Promise<void> {
    if (this.#isListing) return;
    this.#isListing = true;
    try {
      while (this.#unlisted >= this.#listedAtOnce) {
        const input = { limit: this.#listedAtOnce };
        // As the store counts them: a server that was killed may have left any number.
        this.#unlisted = await this.#store.write<number>('control.list-events', input, 'normal');
      }
    } catch (error) {
      // Whoever records next tries again.
      this.onUnlisted(error);
    } finally {
      this.#isListing = false;
    }
  }

  #where(sql: string, ...values: ReadonlyArray<string | number>): Promise<AgentEventState[]> {
    return this.#store.read((db) =>
      db
        .prepare(`${SELECT} WHERE ${sql}`)
        .all(...values)
        .map(stateFrom),
    );
  }
}

function joined(states: readonly AgentEventState[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const { bytes } of states) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

function outcomeOf(answer: RecordAnswer): RecordOutcome {
  if (answer === 'reviews-full') return { kind: 'reviews-full' };
  if (typeof answer === 'string') return { kind: 'recorded', isVariant: answer === 'variant' };
  return { kind: 'known', state: stateFrom(answer) };
}
