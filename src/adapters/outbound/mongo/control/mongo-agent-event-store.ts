import type { Collection, Filter, Sort } from 'mongodb';
import type {
  AgentEventStore,
  EventIdentity,
  EventQuery,
  EventStatistics,
  RecordOutcome,
} from '../../../../application/ports/control/agent-event-store.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import { earliestEventId } from '../../../../domain/control/agent-event-id.ts';
import type {
  AgentEventId,
  AgentEventState,
  AgentRoute,
  ReviewId,
} from '../../../../domain/control/agent-event-state.ts';
import { endedMark, type VerdictEnd } from '../../../../domain/control/verdict-end.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import { decideTransaction, decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import {
  AGENT_EVENTS,
  type AgentEventDocument,
  changeTo,
  eventKey,
  keyOfState,
  stateFrom,
} from './control-documents.ts';
import { countEvents } from './event-statistics.ts';
import { RecordEvents } from './record-events.ts';

/** Documents of a page that are fetched together: each may be as long as a message may be. */
const FETCHED_AT_ONCE = 16;

/** What a verdict's end changes, whatever else its document says. */
const endBy = (end: VerdictEnd) => [
  { $set: { delivery: end, mark: { $concat: ['$mark', endedMark('', end)] } } },
  { $unset: 'isOpen' },
];

/** Agents' events in MongoDB. Each is one document, and each change one conditional write of it. */
export class MongoAgentEventStore implements AgentEventStore {
  readonly #store: MongoStore;
  readonly #events: Collection<AgentEventDocument>;
  readonly #records: RecordEvents;
  readonly #recordActs: RecordActs;

  constructor(store: MongoStore, recordActs: RecordActs) {
    this.#store = store;
    this.#events = store.collection<AgentEventDocument>(AGENT_EVENTS);
    this.#records = new RecordEvents(store, this.#events);
    this.#recordActs = recordActs;
  }

  record(
    states: readonly AgentEventState[],
    { maxPendingReviews }: { readonly maxPendingReviews: number },
  ): Promise<readonly RecordOutcome[]> {
    return this.#records.record(states, maxPendingReviews);
  }

  put(
    next: AgentEventState,
    expected: string,
    audit: readonly AuditRecord[] = [],
  ): Promise<'stored' | 'outdated'> {
    const _id = keyOfState(next);
    const ours = [next.mark, endedMark(next.mark, 'delivered'), endedMark(next.mark, 'lapsed')];
    const known = async (): Promise<'stored' | 'outdated' | undefined> => {
      const found = await this.#events.findOne({ _id }, { projection: { mark: 1 } });
      if (found !== null && ours.includes(found.mark)) return 'stored';
      return found?.mark === expected ? undefined : 'outdated';
    };
    const change = { filter: { _id, mark: expected }, update: changeTo(next) };
    if (audit.length === 0) {
      return decideWrite<'stored' | 'outdated'>(this.#store, {
        attempt: async () => {
          const { matchedCount } = await this.#events.updateOne(change.filter, change.update);
          return matchedCount === 1 ? 'stored' : 'outdated';
        },
        known,
      });
    }
    return decideTransaction<'stored' | 'outdated'>(this.#store, {
      attempt: async (session) => {
        const { matchedCount } = await this.#events.updateOne(change.filter, change.update, { session });
        if (matchedCount === 0) return 'outdated';
        await this.#recordActs(audit, session);
        return 'stored';
      },
      keeps: (outcome) => outcome === 'stored',
      known,
    });
  }

  find(id: AgentEventId): Promise<AgentEventState | undefined> {
    return this.#one({ id });
  }

  findSame(identity: EventIdentity): Promise<AgentEventState | undefined> {
    return this.#one({ _id: eventKey(identity) });
  }

  findByReview(id: ReviewId): Promise<AgentEventState | undefined> {
    return this.#one({ 'review.id': id });
  }

  findNewest(eventId: string, owner?: SubscriberOwner): Promise<AgentEventState | undefined> {
    return this.#one({ 'claims.eventId': eventId, ...(owner === undefined ? {} : { owner }) }, { id: -1 });
  }

  async list(query: EventQuery): Promise<readonly AgentEventState[]> {
    const { order, limit, maxBytes } = query;
    if (limit === 0) return [];
    const page = this.#events
      .find(filterOf(query))
      .sort({ id: order === 'newest-first' ? -1 : 1 })
      .limit(limit)
      .batchSize(FETCHED_AT_ONCE);
    return this.#store.read(async () => {
      const states: AgentEventState[] = [];
      let bytes = 0;
      // Whatever ends the loop closes the cursor.
      for await (const document of page) {
        bytes += document.bytes.length();
        if (bytes > maxBytes && states.length > 0) break;
        states.push(stateFrom(document));
      }
      return states;
    });
  }

  due({ owner, sessionId }: AgentRoute, limit: number): Promise<readonly AgentEventState[]> {
    return this.#all({ owner, sessionId, delivery: 'due' }, { id: 1 }, limit);
  }

  ofConnection(connection: string, limit: number): Promise<readonly AgentEventState[]> {
    return this.#all({ 'origin.connection': connection, isOpen: true }, { id: 1 }, limit);
  }

  async dueRoutes(sinceMs: number, limit: number): Promise<readonly AgentRoute[]> {
    if (limit === 0) return [];
    const routes = this.#events.aggregate<{ readonly _id: AgentRoute }>([
      { $match: { delivery: 'due', dueSinceMs: { $gte: sinceMs } } },
      { $group: { _id: { owner: '$owner', sessionId: '$sessionId' } } },
      { $limit: limit },
    ]);
    return (await this.#store.read(() => routes.toArray())).map(({ _id }) => _id);
  }

  async delivered(
    verdicts: ReadonlyArray<{ readonly id: AgentEventId; readonly mark: string }>,
  ): Promise<void> {
    if (verdicts.length === 0) return;
    // A mark is the name of one state of one event.
    const marks = verdicts.map(({ mark }) => mark);
    await decideWrite<true>(this.#store, {
      attempt: async () => {
        await this.#events.updateMany({ mark: { $in: marks }, delivery: 'due' }, endBy('delivered'));
        return true;
      },
      // A second time it finds nothing more to do.
      known: async () => undefined,
    });
  }

  overdue(nowMs: number, limit: number): Promise<readonly AgentEventState[]> {
    const isOverdue = { 'review.status': 'pending', 'review.deadlineAtMs': { $lte: nowMs } } as const;
    return this.#all(isOverdue, { 'review.deadlineAtMs': 1, id: 1 }, limit);
  }

  pendingReviews(): Promise<number> {
    // Every one has a deadline, by which they are found without a look at those that are decided.
    const isPending = { 'review.status': 'pending', 'review.deadlineAtMs': { $gte: 0 } } as const;
    return this.#store.read(() => this.#events.countDocuments(isPending));
  }

  async lapse(dueBeforeMs: number, limit: number): Promise<number> {
    const isLate = { delivery: 'due', dueSinceMs: { $lt: dueBeforeMs } } as const;
    const keys = await this.#keys(isLate, { dueSinceMs: 1 }, limit);
    if (keys.length === 0) return 0;
    const lapsing = () => this.#events.updateMany({ _id: { $in: keys }, ...isLate }, endBy('lapsed'));
    return (await this.#store.write(lapsing)).modifiedCount;
  }

  async forget(receivedBeforeMs: number, limit: number): Promise<number> {
    const isNotAsking = { 'review.status': { $ne: 'pending' } } as const;
    const isOld = { id: { $lt: earliestEventId(receivedBeforeMs) }, ...isNotAsking };
    const keys = await this.#keys(isOld, { id: 1 }, limit);
    if (keys.length === 0) return 0;
    const removal = () => this.#events.deleteMany({ _id: { $in: keys }, ...isNotAsking });
    return (await this.#store.write(removal)).deletedCount;
  }

  statistics(sinceMs: number): Promise<EventStatistics> {
    return this.#store.read(() => countEvents(this.#events, sinceMs));
  }

  async #one(filter: Filter<AgentEventDocument>, sort?: Sort): Promise<AgentEventState | undefined> {
    const options = sort === undefined ? {} : { sort };
    const found = await this.#store.read(() => this.#events.findOne(filter, options));
    return found === null ? undefined : stateFrom(found);
  }

  async #all(filter: Filter<AgentEventDocument>, sort: Sort, limit: number): Promise<AgentEventState[]> {
    if (limit === 0) return [];
    const found = this.#events.find(filter).sort(sort).limit(limit);
    return (await this.#store.read(() => found.toArray())).map(stateFrom);
  }

  async #keys(filter: Filter<AgentEventDocument>, sort: Sort, limit: number): Promise<string[]> {
    if (limit === 0) return [];
    const found = this.#events.find(filter, { projection: { _id: 1 }, sort, limit });
    return (await this.#store.read(() => found.toArray())).map(({ _id }) => _id);
  }
}

function filterOf({
  owner,
  sessionId,
  agentId,
  reviewed,
  order,
  after,
}: EventQuery): Filter<AgentEventDocument> {
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(agentId === undefined ? {} : { 'claims.agentId': agentId }),
    ...(reviewed === undefined ? {} : { 'review.id': { $exists: true } }),
    ...(reviewed?.status === undefined ? {} : { 'review.status': reviewed.status }),
    ...(after === undefined ? {} : { id: order === 'newest-first' ? { $lt: after } : { $gt: after } }),
  };
}
