import type { Subscriber, Transition } from '../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { Digest } from '../ports/digest.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';
import { changeSubscriber, type SubscriberDeps } from './subscriber-changes.ts';

/** How often the directory is asked at most, while it is out of reach. */
const MAX_TRIES = 8;
/** Pause before it is asked, in milliseconds, doubled each time: two minutes in all. */
const TRY_AGAIN_MS = 500;
/** Most claims that are withdrawn at once; of more their leases do not begin to run before their node ends. */
export const MAX_WITHDRAWALS = 10_000;

interface Deps extends SubscriberDeps {
  readonly digest: Digest;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Lets go of what somebody was to hold who never learned of it: the directory did not say whether it stored his claim, or
 * could not be told that nobody waits for it any more. Without this a connection would hold it that does not have it open,
 * and its lease would never begin to run.
 */
export class WithdrawClaims {
  readonly #deps: Deps;
  #withdrawing = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Sees to it in the background. Never throws.
   *
   * @param token the one that the claim was to be taken back with, by which the directory's state is known for its own:
   *   what anybody else has become of the session since is left alone.
   */
  later(id: SubscriberId, token: string): void {
    if (this.#withdrawing >= MAX_WITHDRAWALS) return;
    this.#withdrawing += 1;
    const tokenSha256 = this.#deps.digest.sha256Hex(token);
    void this.#untilHeard(id, tokenSha256).finally(() => {
      this.#withdrawing -= 1;
    });
  }

  async #untilHeard(id: SubscriberId, tokenSha256: string): Promise<void> {
    const { timers, log } = this.#deps;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      try {
        // What is on its way to the directory may come late.
        await timers.sleep(TRY_AGAIN_MS * 2 ** tries);
        await changeSubscriber(this.#deps, id, (present, to) => ({
          next: present && leftBy(present, tokenSha256, to),
          outcome: undefined,
        }));
        return;
      } catch (error) {
        log.debug({ err: error }, 'a claim could not be withdrawn');
      }
    }
    log.warn({ session: id }, 'a claim that nobody waits for could not be withdrawn');
  }
}

function leftBy(present: Subscriber, tokenSha256: string, to: Transition): Subscriber | undefined {
  const state = present.snapshot();
  const [holder] = state.holders;
  if (state.tokenSha256 !== tokenSha256 || holder === undefined) return undefined;
  return present.detach({ connection: holder.connection, epoch: state.epoch }, to);
}
