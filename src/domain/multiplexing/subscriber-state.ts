import type { SubscriberId } from './subscriber-id.ts';
import type { SubscriberOwner } from './subscriber-owner.ts';

/** A subscription is kept so long after its last connection has gone, in milliseconds, unless told otherwise: 24 hours. */
export const SUBSCRIBER_LEASE_MS = 86_400_000;
/** Most connections (of a shared one: most nodes) that hold one subscription at once. */
export const MAX_HOLDERS = 256;

/** A connection that what is sent to a subscription goes to. */
export interface Holder {
  /** The process that has the connection; when it dies, its connections are gone. */
  readonly node: string;
  /** The connection's name, which no other ever has. For a shared subscription whatever a node holds it by. */
  readonly connection: string;
  readonly sinceMs: number;
}

/** Why a subscription is over. */
export interface SubscriberEnd {
  readonly kind: 'released' | 'expired';
  readonly atMs: number;
}

/** Tokens beside the newest that are good until a client has been heard: so many of its resumes may be under way. */
export const MAX_PREVIOUS_TOKENS = 4;

/** A subscription's whole state, as mappers store it. */
export interface SubscriberState {
  readonly id: SubscriberId;
  /** Never changes while the subscription lasts. */
  readonly owner: SubscriberOwner;
  /** What it is for, such as `chat`; never changes. */
  readonly kind: string;
  /** What its kind was opened with, as the kind's own text; never changes. */
  readonly params: string;
  /**
   * `exclusive`: one connection holds it, and who takes it back needs its token. `shared`: connections of the owner hold
   * it side by side, and the owner's own credential is all that is needed.
   */
  readonly sharing: 'exclusive' | 'shared';
  /** The fencing token: rises by one whenever the subscription goes to somebody or somewhere else. */
  readonly epoch: number;
  /** A name of this very state that no other state ever has: what stores compare. */
  readonly mark: string;
  readonly claimedAtMs: number;
  readonly leaseMs: number;
  readonly holders: readonly Holder[];
  /** When the last holder went; absent while there is one. */
  readonly detachedAtMs?: number;
  /** When ownership ends unless somebody comes back; absent while there is a holder. */
  readonly leaseEndsAtMs?: number;
  /** SHA-256 of the token that takes it back, in lower-case hexadecimal; an exclusive one's alone. */
  readonly tokenSha256?: string;
  /**
   * Those of tokens that were given out before and may be the last that the client has read: good until it has been
   * heard. The one that was shown last comes first.
   */
  readonly previousTokensSha256?: readonly string[];
  /** The network that it was claimed or taken back from last. */
  readonly network?: string;
  readonly end?: SubscriberEnd;
}
