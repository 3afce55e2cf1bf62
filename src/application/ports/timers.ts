/** Waits, so that a test can let time pass by hand. */
export interface Timers {
  /**
   * Resolves after `delayMs`; rejects with the signal's reason when it aborts first. Does not keep the
   * process alive.
   */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
