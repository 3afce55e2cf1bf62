declare module 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js' {
  import type { IRateLimiterOptions, RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';

  /** The base of every limiter with a store of its own: the arithmetic is its, the four methods below are the store's. */
  abstract class RateLimiterStoreAbstract<Stored> extends RateLimiterAbstract {
    constructor(options: IRateLimiterOptions);
    /** Adds points to a key, or sets them with a new end when `forceExpire` or when the key has none. */
    protected abstract _upsert(
      key: string,
      points: number,
      durationMs: number,
      forceExpire: boolean,
    ): Promise<Stored>;
    protected abstract _get(key: string): Promise<Stored | null>;
    protected abstract _delete(key: string): Promise<boolean>;
    protected abstract _getRateLimiterRes(key: string, changedPoints: number, stored: Stored): RateLimiterRes;
  }
  export = RateLimiterStoreAbstract;
}
