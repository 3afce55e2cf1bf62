import { type Place, Subscriber, type SubscriberClaim } from '../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import type { Digest } from '../ports/digest.ts';
import {
  type Awaiting,
  actOf,
  type Claimant,
  isInDoubt,
  type RefusalHearers,
  requireAwaited,
  tellRefusal,
} from './claim-refusals.ts';
import { changeSubscriber, type SubscriberDeps } from './subscriber-changes.ts';
import type { WithdrawClaims } from './withdraw-claims.ts';

/** Random bits of a token that takes a session back. */
export const RESUME_TOKEN_BITS = 256;

interface Deps extends SubscriberDeps, RefusalHearers {
  readonly digest: Digest;
  readonly leaseMs?: number;
  /** Withdraws what may be stored although the claim failed. */
  readonly withdraw?: Pick<WithdrawClaims, 'later'>;
}

/** What is claimed, by whom, and for which connection. */
export interface ClaimCommand extends Claimant, Awaiting {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly kind: string;
  readonly params?: string;
  readonly holder: Place;
  readonly network?: string;
  /** `exclusive`: one connection at a time, with a token; `shared`: all of the owner's. */
  readonly sharing: SubscriberState['sharing'];
}

/** What a claim came to. */
export interface Claimed {
  readonly kind: 'claimed' | 'joined';
  readonly state: SubscriberState;
  /** Takes an exclusive one back, once; shown to nobody but its claimant, and kept nowhere. */
  readonly token?: string;
  /** The owner's subscriptions that had to go for it. */
  readonly released: readonly SubscriberState[];
}

/** Opens a session, or holds a session route of one's own once more. */
export class ClaimSubscription {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `subscriber.owned_by_other`, `subscriber.limit_reached`. PortError of the directory. */
  async execute(command: ClaimCommand): Promise<Claimed> {
    const { digest, ids, leaseMs, withdraw } = this.#deps;
    const { actor: _actor, requestId: _requestId, isAwaited: _isAwaited, sharing, ...facts } = command;
    const token = sharing === 'exclusive' ? ids.secret(RESUME_TOKEN_BITS) : undefined;
    const claim: SubscriberClaim = {
      ...facts,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(token === undefined ? {} : { tokenSha256: digest.sha256Hex(token) }),
    };
    const { outcome, released } = await changeSubscriber(this.#deps, command.id, (present, to) => {
      requireAwaited(command);
      const claimed = Subscriber.claim(present, claim, to);
      // A session route has no token, and its agent logs in on it as often as it likes.
      const audit =
        token === undefined ? [] : [actOf('mux.session_opened', command, claimed.subscriber.snapshot())];
      return { next: claimed.subscriber, outcome: claimed, audit };
    }).catch((error: unknown) => {
      if (token !== undefined && isInDoubt(error)) withdraw?.later(command.id, token);
      return tellRefusal(this.#deps, command, error);
    });
    const { kind, subscriber } = outcome;
    return { kind, state: subscriber.snapshot(), released, ...(token === undefined ? {} : { token }) };
  }
}
