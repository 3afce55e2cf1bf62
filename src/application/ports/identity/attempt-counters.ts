/** What is counted, and for how long. */
export interface AttemptRule {
  /** Keeps one rule's counts apart from another's; letters and hyphens. */
  readonly name: string;
  /** Most attempts of one key in its window. */
  readonly limit: number;
  /** How long a key's window stays open from its first attempt on, in milliseconds. */
  readonly windowMs: number;
}

/** What became of an attempt. `count` is how many its window holds with it, `window` names that window. */
export type AttemptOutcome =
  | { readonly kind: 'counted'; readonly count: number; readonly window: string }
  | { readonly kind: 'refused'; readonly retryAfterMs: number };

/**
 * Counts the attempts of each key in windows of fixed length.
 *
 * Counts may be lost with the process and, for the keys that were touched longest ago, when there are too many keys:
 * never more than a named number is kept.
 *
 * @throws PortError `unavailable`, or `timeout` when it is unknown whether it was counted.
 */
export interface AttemptCounter {
  /**
   * Counts one attempt unless the key's window is full; the window opens with its first attempt, for `windowMs` where
   * that is given. Atomic: of any number that race, exactly the limit is counted. A refused attempt is not counted, and
   * makes no window longer.
   */
  count(key: string, windowMs?: number): Promise<AttemptOutcome>;
  /**
   * Takes back one attempt that was counted in a window. Once that has closed nothing is changed, however late this comes
   * and whatever window is open then.
   */
  giveBack(key: string, window: string): Promise<void>;
  /** Closes the key's window. */
  forget(key: string): Promise<void>;
  /** The open window of a key. */
  look(key: string): Promise<{ readonly count: number; readonly endsInMs: number } | undefined>;
}

/** Where attempts are counted. One counter for each name; opening it again gives the same counts. */
export interface AttemptCounters {
  open(rule: AttemptRule): AttemptCounter;
}
