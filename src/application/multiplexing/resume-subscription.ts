import { type Place, Subscriber } from '../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { Holder, SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
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
import { RESUME_TOKEN_BITS } from './claim-subscription.ts';
import { changeSubscriber, type SubscriberDeps } from './subscriber-changes.ts';
import type { WithdrawClaims } from './withdraw-claims.ts';

interface Deps extends SubscriberDeps, RefusalHearers {
  readonly digest: Digest;
  /** Withdraws what may be stored although the return failed. */
  readonly withdraw?: Pick<WithdrawClaims, 'later'>;
}

/** What is taken back, by whom, and for which connection. */
export interface ResumeCommand extends Claimant, Awaiting {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly kind: string;
  readonly token: string;
  readonly holder: Place;
  readonly network?: string;
}

/** What a return came to. */
export interface Resumed {
  readonly state: SubscriberState;
  /** Takes it back the next time; the one that was shown is good once more until the client has been heard. */
  readonly token: string;
  /** The connections that held it until now: each is to be closed as superseded, wherever it is. */
  readonly ousted: readonly Holder[];
  /** Whether it comes from another network than the last time, which an operator may want to know. */
  readonly isFromElsewhere: boolean;
}

/** Takes a session back after a lost connection, or over from another connection of its owner. */
export class ResumeSubscription {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * @throws DomainError `subscriber.owned_by_other`, the same for everything that is not the caller's to take;
   *   `request.invalid` when it is his and of another kind. PortError of the directory: the token that was shown stays good.
   */
  async execute(command: ResumeCommand): Promise<Resumed> {
    const { watchman, digest, ids, withdraw } = this.#deps;
    const { id, owner, kind, holder, network } = command;
    const token = ids.secret(RESUME_TOKEN_BITS);
    const back = {
      owner,
      kind,
      holder,
      tokenSha256: digest.sha256Hex(command.token),
      nextTokenSha256: digest.sha256Hex(token),
      ...(network === undefined ? {} : { network }),
    };
    const { outcome } = await changeSubscriber(this.#deps, id, (present, to) => {
      requireAwaited(command);
      const resumed = Subscriber.resume(present, back, to);
      const act = resumed.kind === 'took-over' ? 'mux.session_superseded' : 'mux.session_resumed';
      const audit = [actOf(act, command, resumed.subscriber.snapshot())];
      return { next: resumed.subscriber, outcome: { resumed, before: present?.snapshot().network }, audit };
    }).catch((error: unknown) => {
      if (isInDoubt(error)) withdraw?.later(id, token);
      return tellRefusal(this.#deps, command, error);
    });
    const { resumed, before } = outcome;
    const isFromElsewhere = before !== undefined && network !== undefined && before !== network;
    if (isFromElsewhere) {
      const detail = `${id} from ${network}, last from ${before}`;
      watchman.notice({ kind: 'resume.new_address', principal: owner, word: 'resumed', detail });
    }
    return {
      state: resumed.subscriber.snapshot(),
      token,
      ousted: resumed.kind === 'took-over' ? resumed.ousted : [],
      isFromElsewhere,
    };
  }
}
