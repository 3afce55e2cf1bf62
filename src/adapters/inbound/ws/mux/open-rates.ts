import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import { type Rate, TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import { MuxRefusal } from './mux-refusal.ts';

/** Most buckets that are kept of sessions, and of principals; the one that was asked for longest ago is forgotten. */
export const MAX_BUCKETS = 100_000;

/** How often full ones are looked for, in milliseconds. */
const LOOK_EVERY_MS = 100;
/** How many are forgotten together, when there are too many. */
const FORGOTTEN_TOGETHER = MAX_BUCKETS / 100;

/**
 * Buckets by what they belong to, so that whoever closes and opens anew gains nothing. A full one is as good as a new one
 * and is forgotten.
 */
export class Buckets<Key> {
  readonly #rate: Rate;
  readonly #buckets = new Map<Key, TokenBucket>();
  /** When full ones were looked for last, in unix milliseconds. */
  #lookedAtMs = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  of(key: Key, nowMs: number): TokenBucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) this.#buckets.delete(key);
    const bucket = known ?? new TokenBucket(this.#rate, nowMs);
    this.#buckets.set(key, bucket);
    const { size } = this.#buckets;
    if (size > MAX_BUCKETS) this.#forget(key, nowMs, size - FORGOTTEN_TOGETHER);
    else if (nowMs - this.#lookedAtMs >= LOOK_EVERY_MS) this.#forget(key, nowMs, size);
    return bucket;
  }

  /**
   * Forgets the full ones that were asked for longest ago, and others until so many are left. Seldom, and many together:
   * whoever looks for the first of a map passes all that were taken from its beginning, until it is made anew.
   */
  #forget(asked: Key, nowMs: number, most: number): void {
    this.#lookedAtMs = nowMs;
    for (const [key, bucket] of this.#buckets) {
      if (key === asked) return;
      if (this.#buckets.size <= most && !bucket.isFullAt(nowMs)) return;
      this.#buckets.delete(key);
    }
  }
}

/** How often principals may open sessions, and how often each session may send. */
export class OpenRates {
  readonly #opens: Buckets<SubscriberOwner>;
  readonly #sessions: Buckets<SubscriberId>;
  /** Until when principals may not try to take sessions back, in unix milliseconds. */
  readonly #held = new Map<SubscriberOwner, number>();

  constructor(rates: { readonly openRate: Rate; readonly sessionRate: Rate }) {
    this.#opens = new Buckets(rates.openRate);
    this.#sessions = new Buckets(rates.sessionRate);
  }

  /** A session's bucket. Whoever has it open draws from it, also when it has been forgotten here. */
  ofSession(id: SubscriberId, nowMs: number): TokenBucket {
    return this.#sessions.of(id, nowMs);
  }

  /** An OPEN comes. A resume draws nothing unless it is refused. @throws MuxRefusal `rate.limited`. */
  admit(owner: SubscriberOwner, isResume: boolean, nowMs: number): void {
    const heldMs = (this.#held.get(owner) ?? 0) - nowMs;
    if (heldMs <= 0) this.#held.delete(owner);
    const retryAfterMs = isResume ? Math.max(0, heldMs) : this.#opens.of(owner, nowMs).take(nowMs);
    if (retryAfterMs > 0) throw new MuxRefusal('rate.limited', 'Too many sessions are opened', retryAfterMs);
  }

  /** A resume was refused: it draws now, and the next one waits until there is a token again. */
  refused(owner: SubscriberOwner, nowMs: number): void {
    const waitMs = this.#opens.of(owner, nowMs).take(nowMs);
    if (waitMs > 0 && this.#held.size < MAX_BUCKETS) this.#held.set(owner, nowMs + waitMs);
  }
}
