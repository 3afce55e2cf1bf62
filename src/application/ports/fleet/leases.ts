/** Who holds a name, and whether the life of it has passed by the store's clock. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** The fencing token: grows by at least 1 with each new holder of the name, and never goes back. */
  readonly token: number;
  readonly lapsed: boolean;
}

/**
 * Names that one holder has for a while. A lease that has lapsed stays its holder's until another takes it, so that
 * an outage of the store during which nobody could renew takes nothing from anybody.
 *
 * Of any number of racing callers one gets a free or lapsed name. Time is the store's own.
 *
 * @throws PortError `unavailable` when nothing was written, `timeout` when that is unknown: hold it again.
 */
export interface Leases {
  /**
   * Takes a name that is free or has lapsed (a new token), or prolongs the caller's own, lapsed or not (the same
   * token). `taken`: another holds it.
   *
   * @param lifeMs from now on, in milliseconds.
   */
  hold(name: string, holder: string, lifeMs: number): Promise<Lease | 'taken'>;
  /** Frees the name if this holder has it. Its token is remembered. Idempotent. */
  release(name: string, holder: string): Promise<void>;
  /** The leases whose names begin with `prefix` and that somebody holds, lapsed ones too, in the order of their names. */
  list(prefix: string): Promise<readonly Lease[]>;
}
