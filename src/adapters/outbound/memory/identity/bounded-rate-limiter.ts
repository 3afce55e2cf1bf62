import { RateLimiterRes } from 'rate-limiter-flexible';
import RateLimiterStoreAbstract from 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js';
import { BoundedMap } from '../../../../domain/bounded-map.ts';

interface Window {
  readonly points: number;
  readonly endsAtMs: number;
  /** Sets it apart from any other of this limiter. */
  readonly name: string;
}

/**
 * The library's limiter over a map that never outgrows `maxKeys` and goes by the given clock. The library's own memory
 * limiter keeps every key that anybody names, with a timer for each.
 */
export class BoundedRateLimiter extends RateLimiterStoreAbstract<Window> {
  /** In the order in which they were last touched. */
  readonly #windows: BoundedMap<string, Window>;
  readonly #nowMs: () => number;
  #made = 0;

  constructor(options: {
    readonly points: number;
    readonly windowMs: number;
    readonly maxKeys: number;
    readonly nowMs: () => number;
  }) {
    super({ points: options.points, duration: options.windowMs / 1000, keyPrefix: '' });
    this.#windows = new BoundedMap(options.maxKeys);
    this.#nowMs = options.nowMs;
  }

  /** The name of a key's open window. */
  windowOf(key: string): string | undefined {
    return this.#open(key)?.name;
  }

  protected async _upsert(
    key: string,
    points: number,
    durationMs: number,
    forceExpire: boolean,
  ): Promise<Window> {
    const open = forceExpire ? undefined : this.#open(key);
    const changed = {
      points: Math.max(0, (open?.points ?? 0) + points),
      endsAtMs: open?.endsAtMs ?? this.#nowMs() + durationMs,
      name: open?.name ?? String(++this.#made),
    };
    if (changed.points === 0) this.#windows.delete(key);
    else this.#windows.set(key, changed);
    return changed;
  }

  protected async _get(key: string): Promise<Window | null> {
    return this.#open(key) ?? null;
  }

  protected async _delete(key: string): Promise<boolean> {
    return this.#windows.delete(key);
  }

  protected _getRateLimiterRes(_key: string, changedPoints: number, window: Window): RateLimiterRes {
    const leftMs = Math.max(0, window.endsAtMs - this.#nowMs());
    const left = Math.max(0, this.points - window.points);
    return new RateLimiterRes(left, leftMs, window.points, window.points === changedPoints);
  }

  #open(key: string): Window | undefined {
    const window = this.#windows.get(key);
    if (window === undefined || window.endsAtMs > this.#nowMs()) return window;
    this.#windows.delete(key);
    return undefined;
  }
}
