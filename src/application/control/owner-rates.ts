import { type Rate, TokenBucket } from '../../domain/multiplexing/token-bucket.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';

/** Owners whose buckets are looked at, when another comes, whether they can be forgotten. */
const LOOKED_AT = 8;

interface OwnersRate {
  readonly bucket: TokenBucket;
  /** Whoever waits is let in one after the other. */
  last: Promise<void> | undefined;
}

/** How often an owner's events are read. Nothing is refused: reading waits, and so does whoever sends. */
export class OwnerRates {
  readonly #rate: Rate;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #owners = new Map<string, OwnersRate>();

  constructor(deps: { readonly rate: Rate; readonly clock: Clock; readonly timers: Timers }) {
    this.#rate = deps.rate;
    this.#clock = deps.clock;
    this.#timers = deps.timers;
  }

  /**
   * Lets one event of an owner's in: at once, for which undefined is returned, or once the promise resolves.
   * The promise rejects with the signal's reason when that aborts first.
   */
  admit(owner: string, signal: AbortSignal): Promise<void> | undefined {
    const rate = this.#of(owner);
    if (rate.last === undefined && rate.bucket.take(this.#clock.nowMs()) === 0) return undefined;
    const before = rate.last ?? Promise.resolve();
    const turn = before.then(() => this.#wait(rate, signal));
    const last = turn
      .catch(() => undefined)
      .then(() => {
        if (rate.last === last) rate.last = undefined;
      });
    rate.last = last;
    return turn;
  }

  async #wait({ bucket }: OwnersRate, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (;;) {
      const waitMs = bucket.take(this.#clock.nowMs());
      if (waitMs === 0) return;
      await this.#timers.sleep(waitMs, signal);
    }
  }

  #of(owner: string): OwnersRate {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    this.#forgetSome();
    const rate: OwnersRate = { bucket: new TokenBucket(this.#rate, this.#clock.nowMs()), last: undefined };
    this.#owners.set(owner, rate);
    return rate;
  }

  /** A full bucket that nobody waits at is as good as a new one. */
  #forgetSome(): void {
    let looks = LOOKED_AT;
    for (const [owner, rate] of this.#owners) {
      if (looks === 0) return;
      looks -= 1;
      this.#owners.delete(owner);
      const isAsNew = rate.last === undefined && rate.bucket.isFullAt(this.#clock.nowMs());
      if (!isAsNew) this.#owners.set(owner, rate);
    }
  }
}
