import { DomainError } from '../domain-error.ts';
import { invariant } from '../invariant.ts';
import type { SubscriberId } from './subscriber-id.ts';
import type { SubscriberOwner } from './subscriber-owner.ts';
import {
  type Holder,
  MAX_HOLDERS,
  MAX_PREVIOUS_TOKENS,
  SUBSCRIBER_LEASE_MS,
  type SubscriberState,
} from './subscriber-state.ts';

/** What every transition is given: the time, and the name of the state that comes of it. */
export interface Transition {
  readonly nowMs: number;
  readonly mark: string;
}

/** Where a connection stands. */
export type Place = Pick<Holder, 'node' | 'connection'>;

/** A connection that acts for a subscription, with the epoch in which it was let in. */
export interface Fence {
  readonly connection: string;
  readonly epoch: number;
}

/** What a subscription is claimed with. */
export interface SubscriberClaim {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly kind: string;
  readonly params?: string;
  readonly holder: Place;
  readonly leaseMs?: number;
  readonly network?: string;
  /** SHA-256 of the token that will take an exclusive subscription back; without one it is shared. */
  readonly tokenSha256?: string;
}

/** What a subscription is taken back with. */
export interface SubscriberReturn {
  readonly owner: SubscriberOwner;
  readonly kind: string;
  readonly holder: Place;
  readonly network?: string;
  /** SHA-256 of the token that was shown. */
  readonly tokenSha256: string;
  /** SHA-256 of the token that takes its place. */
  readonly nextTokenSha256: string;
}

/** What a claim came to. `joined`: the owner holds it once more, beside himself. */
export type ClaimOutcome = { readonly kind: 'claimed' | 'joined'; readonly subscriber: Subscriber };

/** What a return came to. `ousted` are the connections that held it until now; they are to be closed as superseded. */
export type ReturnOutcome =
  | { readonly kind: 'resumed'; readonly subscriber: Subscriber }
  | { readonly kind: 'took-over'; readonly subscriber: Subscriber; readonly ousted: readonly Holder[] };

/** Why a claim or a return was refused: for log and audit, never for the caller. */
export type OwnershipRefusal = 'unknown' | 'expired' | 'foreign' | 'token';

/** The one refusal of a claim to what is not the claimant's, the same for every cause; only log and audit learn the cause. */
export const ownedByOther = (cause: OwnershipRefusal): DomainError =>
  new DomainError('subscriber.owned_by_other', 'This session is not yours to take', { internal: { cause } });

/**
 * Ties a session to whoever opened it, from the first claim until it is released or its lease ends, also while nobody is
 * connected. Who may take over what is decided here and nowhere else. Immutable: every transition returns a new
 * subscriber, which is stored only if the store still has the one that it came from.
 */
export class Subscriber {
  readonly #state: SubscriberState;

  private constructor(state: SubscriberState) {
    this.#state = state;
  }

  /**
   * Claims a subscription, or joins those who hold a shared one. One whose lease has ended is free, and goes on in a new
   * epoch with nothing else of the old one.
   *
   * @throws DomainError `subscriber.owned_by_other` while it is another's, or is the claimant's and needs its token;
   *   `subscriber.limit_reached` when too many hold it.
   */
  static claim(present: Subscriber | undefined, claim: SubscriberClaim, to: Transition): ClaimOutcome {
    if (present === undefined) {
      return { kind: 'claimed', subscriber: new Subscriber(claimed(claim, to, firstEpoch(claim, to))) };
    }
    const held = present.#state;
    if (present.isExpiredAt(to.nowMs)) {
      return { kind: 'claimed', subscriber: new Subscriber(claimed(claim, to, held.epoch + 1)) };
    }
    if (held.owner !== claim.owner) throw ownedByOther('foreign');
    if (held.sharing === 'exclusive' || claim.tokenSha256 !== undefined) throw ownedByOther('token');
    return { kind: 'joined', subscriber: present.#with(joined(held, claim, to), to) };
  }

  /**
   * Takes an exclusive subscription back. Whoever holds it is ousted; the epoch rises; the token that was shown is good
   * once more until the new holder's client is heard, so that a cut before it read the next one locks nobody out. One
   * that comes late, from a connection that its client has given up, takes the place of a newer one and of its token:
   * that one is good until then as well.
   *
   * @throws DomainError `subscriber.owned_by_other` when it is unknown, over or another's, or the token is not the one;
   *   `request.invalid` when everything is right but the kind.
   */
  static resume(
    present: Subscriber | undefined,
    { owner, kind, holder, network, tokenSha256, nextTokenSha256 }: SubscriberReturn,
    to: Transition,
  ): ReturnOutcome {
    if (present === undefined) throw ownedByOther('unknown');
    const held = present.#state;
    if (held.owner !== owner) throw ownedByOther('foreign');
    if (present.isExpiredAt(to.nowMs)) throw ownedByOther('expired');
    // Hashes are compared, of which nobody can choose the beginning: how long it takes tells nothing.
    const { tokenSha256: newest, previousTokensSha256: previous = [] } = held;
    const isRight = tokenSha256 === newest || previous.includes(tokenSha256);
    if (held.sharing === 'shared' || newest === undefined || !isRight) throw ownedByOther('token');
    if (held.kind !== kind) throw new DomainError('request.invalid', 'The session is of another kind');
    invariant(nextTokenSha256 !== tokenSha256, 'a token is not followed by itself');
    const subscriber = present.#with(
      {
        ...attached(held, [{ ...holder, sinceMs: to.nowMs }]),
        epoch: held.epoch + 1,
        tokenSha256: nextTokenSha256,
        previousTokensSha256: stillGood(tokenSha256, [newest, ...previous]),
        ...(network === undefined ? {} : { network }),
      },
      to,
    );
    const ousted = held.holders;
    return ousted.length === 0 ? { kind: 'resumed', subscriber } : { kind: 'took-over', subscriber, ousted };
  }

  /** Takes a stored state back as it is. */
  static restore(state: SubscriberState): Subscriber {
    return new Subscriber(state);
  }

  /** The state as plain data, for mappers, workers and comparisons. */
  snapshot(): SubscriberState {
    return this.#state;
  }

  /** Whether its ownership is over: it was ended, or its lease has run out since the last connection went. */
  isExpiredAt(nowMs: number): boolean {
    const { end, leaseEndsAtMs } = this.#state;
    return end !== undefined || (leaseEndsAtMs !== undefined && nowMs >= leaseEndsAtMs);
  }

  /** Whether what comes from a connection is still to be heard: it holds the subscription, in this very epoch. */
  isHeldBy({ connection, epoch }: Fence): boolean {
    const { holders, end } = this.#state;
    if (end !== undefined || epoch !== this.#state.epoch) return false;
    return holders.some((holder) => holder.connection === connection);
  }

  /** Whether a credential that is shown later may act for it: only one of its owner's. */
  isOwnedBy(owner: SubscriberOwner): boolean {
    return this.#state.owner === owner;
  }

  /** The new holder's client was heard: the token that it came with is spent now. Undefined when another holds it. */
  confirm(fence: Fence, to: Transition): Subscriber | undefined {
    if (!this.isHeldBy(fence)) return undefined;
    const { previousTokensSha256, ...rest } = this.#state;
    return previousTokensSha256 === undefined ? this : this.#with(rest, to);
  }

  /**
   * A connection has gone; with the last one the lease begins to run. `isHeard`: its client was heard in this epoch, also
   * where nobody had been told. Undefined when it held nothing any more.
   */
  detach(fence: Fence, to: Transition, isHeard = false): Subscriber | undefined {
    if (!this.isHeldBy(fence)) return undefined;
    const { previousTokensSha256: _spent, ...rest } = this.#state;
    return new Subscriber(isHeard ? rest : this.#state).#without(
      (holder) => holder.connection === fence.connection,
      to,
    );
  }

  /** A process has died, and its connections with it. Undefined when none of them held this. */
  detachNode(node: string, to: Transition): Subscriber | undefined {
    if (this.#state.end !== undefined || this.#state.holders.every((holder) => holder.node !== node)) {
      return undefined;
    }
    return this.#without((holder) => holder.node === node, to);
  }

  /**
   * Gives ownership up for good: its client closed it, an operator ended it, what is behind it is gone, or it is one more
   * than its owner may keep. Undefined when `fence` is given and holds it no more, or it is over already.
   */
  release(to: Transition, fence?: Fence): Subscriber | undefined {
    if (this.#state.end !== undefined) return undefined;
    if (fence !== undefined && !this.isHeldBy(fence)) return undefined;
    return this.#with({ ...this.#state, end: { kind: 'released', atMs: to.nowMs } }, to);
  }

  /** Ends it when its lease has run out; undefined when it has not. */
  expire(to: Transition): Subscriber | undefined {
    if (this.#state.end !== undefined || !this.isExpiredAt(to.nowMs)) return undefined;
    return this.#with({ ...this.#state, end: { kind: 'expired', atMs: to.nowMs } }, to);
  }

  #without(isGone: (holder: Holder) => boolean, to: Transition): Subscriber {
    const holders = this.#state.holders.filter((holder) => !isGone(holder));
    if (holders.length > 0) return this.#with({ ...this.#state, holders }, to);
    const leaseEndsAtMs = to.nowMs + this.#state.leaseMs;
    return this.#with({ ...this.#state, holders, detachedAtMs: to.nowMs, leaseEndsAtMs }, to);
  }

  #with(state: SubscriberState, { mark }: Transition): Subscriber {
    invariant(mark !== this.#state.mark, 'every state has a mark of its own');
    return new Subscriber({ ...state, mark });
  }
}

/**
 * A shared subscription has the name that its clients gave it, which others may have had before of whom nothing is kept:
 * the time is later than any epoch of theirs, so that what they still held is nothing in this one.
 */
const firstEpoch = ({ tokenSha256 }: SubscriberClaim, { nowMs }: Transition): number =>
  tokenSha256 === undefined ? Math.max(1, nowMs) : 1;

/** The tokens that are good beside the next one; `given` are those that were until now, the newest first. */
function stillGood(shown: string, given: readonly string[]): readonly string[] {
  // Who shows the newest has read it, and shows none of the others again.
  if (shown === given[0]) return [shown];
  return [shown, ...given.filter((token) => token !== shown)].slice(0, MAX_PREVIOUS_TOKENS);
}

function claimed(claim: SubscriberClaim, { nowMs, mark }: Transition, epoch: number): SubscriberState {
  const { id, owner, kind, params = '', holder, leaseMs = SUBSCRIBER_LEASE_MS, network, tokenSha256 } = claim;
  return {
    id,
    owner,
    kind,
    params,
    sharing: tokenSha256 === undefined ? 'shared' : 'exclusive',
    epoch,
    mark,
    claimedAtMs: nowMs,
    leaseMs,
    holders: [{ ...holder, sinceMs: nowMs }],
    ...(tokenSha256 === undefined ? {} : { tokenSha256 }),
    ...(network === undefined ? {} : { network }),
  };
}

/** A shared subscription with one holder more. One that holds it already holds it once. */
function joined(held: SubscriberState, claim: SubscriberClaim, { nowMs }: Transition): SubscriberState {
  const others = held.holders.filter(({ connection }) => connection !== claim.holder.connection);
  if (others.length >= MAX_HOLDERS) {
    throw new DomainError('subscriber.limit_reached', 'Too many connections hold this session');
  }
  return {
    ...attached(held, [...others, { ...claim.holder, sinceMs: nowMs }]),
    ...(claim.network === undefined ? {} : { network: claim.network }),
  };
}

function attached(held: SubscriberState, holders: readonly Holder[]): SubscriberState {
  const { detachedAtMs: _since, leaseEndsAtMs: _until, ...rest } = held;
  return { ...rest, holders };
}
