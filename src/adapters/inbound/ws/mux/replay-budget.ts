import type { Clock } from '../../../../application/ports/clock.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { Rate } from '../../../../domain/multiplexing/token-bucket.ts';
import { Buckets } from './open-rates.ts';

/** Lets each principal have events from the log at a rate of bytes, whichever of his sessions they are for. */
export class ReplayBudget {
  readonly #rate: Rate;
  readonly #buckets: Buckets<SubscriberOwner>;
  readonly #clock: Clock;
  readonly #timers: Timers;

  /** `rate`: bytes, and how many at once. */
  constructor(rate: Rate, { clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#rate = rate;
    this.#buckets = new Buckets(rate);
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Charges what is about to be sent. A promise: he has had so much that this waits. Never rejects. */
  charge(owner: SubscriberOwner, bytes: number): Promise<void> | undefined {
    if (bytes === 0 || this.#take(owner, bytes) === 0) return undefined;
    return this.#wait(owner, bytes);
  }

  async #wait(owner: SubscriberOwner, bytes: number): Promise<void> {
    for (let ms = this.#take(owner, bytes); ms > 0; ms = this.#take(owner, bytes)) {
      await this.#timers.sleep(ms);
    }
  }

  #take(owner: SubscriberOwner, bytes: number): number {
    const nowMs = this.#clock.nowMs();
    return this.#buckets.of(owner, nowMs).take(nowMs, Math.min(bytes, this.#rate.burst));
  }
}
