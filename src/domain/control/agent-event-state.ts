import type { SubscriberOwner } from '../multiplexing/subscriber-owner.ts';
import type { Classification, HoldReason, VerdictContent } from './dispatch.ts';

/** The server's own name of an event that it has taken, which sorts as the times at which they came. */
export type AgentEventId = string & { readonly __brand: 'AgentEventId' };
/** The server's own name of a review. */
export type ReviewId = string & { readonly __brand: 'ReviewId' };

/** What agents name and the server routes by: a session of one owner's, the same name of another owner's being another. */
export interface AgentRoute {
  readonly owner: SubscriberOwner;
  /** The session id of the login, not that of the event. */
  readonly sessionId: string;
}

/** The connection that an answer goes to as long as it lives. */
export interface EventOrigin {
  readonly node: string;
  /** The server's own name of the connection, which no other ever has. */
  readonly connection: string;
}

/** What a client says, kept as it was said and believed in nothing but what makes an outcome stricter. */
export interface EventClaims {
  readonly eventId: string;
  readonly sessionId: string;
  readonly connectionId: string;
  readonly runId: string;
  readonly agentId: string;
  readonly source: string;
  readonly pairType: 'llm' | 'tool' | 'unspecified';
}

/** Why a person is asked, or would have been. */
export type ReviewReason = HoldReason | 'too_many_reviews';
/** What became of a question to a person. */
export type ReviewStatus = 'pending' | 'approved' | 'rejected' | 'expired';

/** A question to a person. */
export interface ReviewState {
  readonly id: ReviewId;
  readonly status: ReviewStatus;
  readonly reason: ReviewReason;
  readonly createdAtMs: number;
  /** Nobody having answered by then is a no. */
  readonly deadlineAtMs: number;
  readonly resolvedAtMs?: number;
  /** The reviewer's user id; absent where the server decided. */
  readonly resolvedBy?: string;
  readonly comment?: string;
}

/**
 * How far a verdict is on its way: `none` where nothing is sent (alert mode), `waiting` for a person, `due` until a pong
 * says that it has come, `delivered`, or `lapsed` when nobody came for it in time.
 */
export type Delivery = 'none' | 'waiting' | 'due' | 'delivered' | 'lapsed';

/** An agent's event with everything that came of it, as mappers store it. */
export interface AgentEventState extends AgentRoute {
  readonly id: AgentEventId;
  /** A name of this very state that no other state ever has: what stores compare. */
  readonly mark: string;
  /** SHA-256 of `bytes`, in lower-case hexadecimal; owner, event id and this make an event the same event. */
  readonly sha256: string;
  /** The event as it came, one message of the wire's schema. */
  readonly bytes: Uint8Array;
  readonly claims: EventClaims;
  /** The agent profile that the key is bound to. */
  readonly profile?: string;
  /** Absent once the connection has gone: the answer is for the session's main subscriber then. */
  readonly origin?: EventOrigin;
  readonly receivedAtMs: number;
  readonly found: Classification;
  /** The name of the rule that decided, where one did. */
  readonly rule?: string;
  /** The verdict as far as it is known; sent only when `delivery` is `due`. */
  readonly verdict: VerdictContent;
  readonly delivery: Delivery;
  /** Since when it has been due; what is due is kept for `VERDICT_LIFE_MS`. */
  readonly dueSinceMs?: number;
  readonly review?: ReviewState;
}

/** A verdict that nobody has come for is kept so long, in milliseconds: 24 hours. */
export const VERDICT_LIFE_MS = 86_400_000;
/** Longest event id that is kept, in UTF-16 units; one that is longer is refused. */
export const MAX_EVENT_ID_UNITS = 256;
