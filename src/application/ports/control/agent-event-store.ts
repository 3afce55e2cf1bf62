import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type {
  AgentEventId,
  AgentEventState,
  AgentRoute,
  ReviewId,
  ReviewStatus,
} from '../../../domain/control/agent-event-state.ts';
import type { SubscriberOwner } from '../../../domain/multiplexing/subscriber-owner.ts';

/** What makes an event the same event. */
export interface EventIdentity {
  readonly owner: SubscriberOwner;
  readonly eventId: string;
  readonly sha256: string;
}

/** What became of an event that was to be kept. */
export type RecordOutcome =
  /** It is stored. `isVariant`: the owner has used this event id for other bytes before. */
  | { readonly kind: 'recorded'; readonly isVariant: boolean }
  /** The same bytes under the same id are there already, in this state; nothing was written. */
  | { readonly kind: 'known'; readonly state: AgentEventState }
  /** It asks a person, and the owner has as many open questions as he may have; nothing was written. */
  | { readonly kind: 'reviews-full' };

/** A page of events: the newest first, or the oldest. At least one is given whatever its size, if there is one. */
export interface EventQuery {
  readonly owner?: SubscriberOwner;
  readonly sessionId?: string;
  /** Only what the event says its agent is. */
  readonly agentId?: string;
  /** Only those about which a person was asked, with this outcome where one is named. */
  readonly reviewed?: { readonly status?: ReviewStatus };
  readonly order: 'newest-first' | 'oldest-first';
  /** The last id of the page before. */
  readonly after?: AgentEventId;
  readonly limit: number;
  /** The page ends before the bytes of its events become more than this. */
  readonly maxBytes: number;
}

/** Counts over what is kept, for an overview. */
export interface EventStatistics {
  readonly events: number;
  /** By code as it was found, such as `M3.b`; the empty code stands for what could not be classified. */
  readonly byCode: Readonly<Record<string, number>>;
  readonly reviews: Readonly<Record<ReviewStatus, number>>;
  /** Verdicts that nobody has been seen to get. */
  readonly due: number;
  /** Session routes that events came by. */
  readonly sessions: number;
}

/**
 * Keeps agents' events with their verdicts and reviews. Everything is in its owner's room: no id of one owner's is ever
 * looked up for another. States change by compare-and-set on their marks alone, so that every rule is `AgentEvent`'s.
 * What is read is the latest. Durable when it resolves.
 *
 * @throws PortError `unavailable` when nothing was written; `timeout` when the outcome is unknown: recording again finds
 *   it as known, and whoever reads the id finds the mark of what was written.
 */
export interface AgentEventStore {
  /**
   * Keeps events, each for itself, in order; the answers are in the same order. Of several racing records of one identity
   * one is stored. Once all of several racing records are answered, the owner has no more than `maxPendingReviews`
   * pending reviews; near the bound more may be refused than would have to be.
   */
  record(
    states: readonly AgentEventState[],
    bounds: { readonly maxPendingReviews: number },
  ): Promise<readonly RecordOutcome[]>;
  /** Stores a state if the one that it came from (by its mark) is there; `audit` is stored with it and not without. */
  put(
    next: AgentEventState,
    expected: string,
    audit?: readonly AuditRecord[],
  ): Promise<'stored' | 'outdated'>;
  find(id: AgentEventId): Promise<AgentEventState | undefined>;
  findSame(identity: EventIdentity): Promise<AgentEventState | undefined>;
  findByReview(id: ReviewId): Promise<AgentEventState | undefined>;
  /** The newest event that a client has given this id; of any owner, unless one is named. */
  findNewest(eventId: string, owner?: SubscriberOwner): Promise<AgentEventState | undefined>;
  list(query: EventQuery): Promise<readonly AgentEventState[]>;
  /** What is due to a session of an owner's, in the order in which it came. */
  due(route: AgentRoute, limit: number): Promise<readonly AgentEventState[]>;
  /** What is due, or waits for a person, and came by this connection, in the order in which it came. */
  ofConnection(connection: string, limit: number): Promise<readonly AgentEventState[]>;
  /** Routes to which something has become due since then, each once. */
  dueRoutes(sinceMs: number, limit: number): Promise<readonly AgentRoute[]>;
  /**
   * These verdicts, due in these states, have come: `ended` says what becomes of them. Those in other states meanwhile are
   * left as they are.
   */
  delivered(verdicts: ReadonlyArray<{ readonly id: AgentEventId; readonly mark: string }>): Promise<void>;
  /** Pending reviews whose deadline has come, those that waited longest first. */
  overdue(nowMs: number, limit: number): Promise<readonly AgentEventState[]>;
  /** How many reviews wait for a person, of all owners. */
  pendingReviews(): Promise<number>;
  /** Lets at most `limit` verdicts lapse, as `ended` says, that have been due since before then. @returns how many. */
  lapse(dueBeforeMs: number, limit: number): Promise<number>;
  /** Removes at most `limit` events that came before then, but none with a pending review. @returns how many. */
  forget(receivedBeforeMs: number, limit: number): Promise<number>;
  /** Counts over the events that came since then. */
  statistics(sinceMs: number): Promise<EventStatistics>;
}
