import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { SubscriberBounds } from '../../../domain/multiplexing/subscriber-bounds.ts';
import type { SubscriberId, SubscriberRealm } from '../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../../domain/multiplexing/subscriber-state.ts';

/** What it takes for a state to be stored. */
export interface PutCondition {
  /** The mark of the state that it came from; undefined when there must be none of this id. */
  readonly expected: string | undefined;
  /** How many the owner may have in the realm; each at least 1. */
  readonly bounds: SubscriberBounds;
}

/** What became of a state that was to be stored. */
export type PutOutcome =
  /** It is stored. `released` are the owner's that had to go for it, those that were left first, first. */
  | { readonly kind: 'stored'; readonly released: readonly SubscriberState[] }
  /** Another state is there, or none: look again, and decide again. */
  | { readonly kind: 'outdated' }
  /** The owner has as many as he may have, and somebody is connected to each of them. */
  | { readonly kind: 'limit-reached' };

/** A state that takes the place of another one of the same subscription. */
export interface Replacement {
  readonly next: SubscriberState;
  /** The mark of the state that it came from. */
  readonly expected: string;
}

/** What became of states that were to be stored together. */
export interface Replaced {
  /** Those that are stored. Of every other another state is there, or none: look again, and decide again. */
  readonly stored: ReadonlySet<SubscriberId>;
  /** What the owners had too many of then, and is removed; what has just been stored may be among it. */
  readonly released: readonly SubscriberState[];
}

/** A page of subscriptions by id, for looking at. */
export interface SubscriberPage {
  readonly realm: SubscriberRealm;
  readonly owner?: SubscriberOwner;
  /** The last id of the page before. */
  readonly after?: SubscriberId;
  readonly limit: number;
}

/**
 * Keeps who owns what, for the life of its lease, whichever node its connection is at. States are stored by
 * compare-and-set on their marks alone, so that every rule of ownership is `Subscriber`'s, and of any number of racing
 * changes of one state exactly one is stored. What is read is the latest. Durable when it resolves.
 *
 * @throws PortError `unavailable` when nothing was written; `timeout` when the outcome is unknown: whoever reads the id
 *   finds the mark of what was written.
 */
export interface SubscriberDirectory {
  /** By its id, also when its lease has run out and nobody has swept it away. */
  find(id: SubscriberId): Promise<SubscriberState | undefined>;
  /**
   * Stores a state if the one that it came from is there, and releases what the owner then has too many of, as
   * `crowdedOut` says. Once all of several racing claims are answered the owner has no more than he may; near the bound
   * more of them may be refused than would have to be. `audit` is stored with the state, and not without.
   */
  put(next: SubscriberState, condition: PutCondition, audit?: readonly AuditRecord[]): Promise<PutOutcome>;
  /** Those that there are, in any order. For at most some hundred ids. */
  findAll(ids: readonly SubscriberId[]): Promise<readonly SubscriberState[]>;
  /**
   * Stores each state if the one that it came from is there, as `put` does, in as few writes as the store can: for many
   * that change together, whose owners stay. Each is decided by itself, and they are not of one moment. What their owners
   * have too many of is released afterwards, those that were left first, first. For at most some hundred states, each of
   * another subscription. After a `timeout` any of them may be stored.
   */
  replaceAll(
    replacements: readonly Replacement[],
    bounds: Readonly<Record<SubscriberRealm, SubscriberBounds>>,
  ): Promise<Replaced>;
  /** Removes what has ended, if this state is there. True for exactly one of racing callers, whose `audit` is stored. */
  remove(id: SubscriberId, expected: string, audit?: readonly AuditRecord[]): Promise<boolean>;
  /** Subscriptions by id, of one owner or of all. */
  list(page: SubscriberPage): Promise<readonly SubscriberState[]>;
  /** The nodes whose connections hold anything, dead ones too. */
  nodes(): Promise<readonly string[]>;
  /** At most `limit` of what the connections of a node hold. */
  heldBy(node: string, limit: number): Promise<readonly SubscriberState[]>;
  /** Removes at most `limit` whose lease has run out, unless somebody comes back first. @returns how many. */
  expire(nowMs: number, limit: number): Promise<number>;
}
