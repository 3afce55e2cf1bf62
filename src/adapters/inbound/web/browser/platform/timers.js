/** Waiting, and the time: the page's one door to the clock. */
export const browserTimers = {
  /** The time of day, in milliseconds since 1970. */
  nowMs: () => Date.now(),

  /**
   * Waits. A connection that comes back, or a tab that is looked at again, ends the wait early.
   *
   * @param {number} ms
   * @param {AbortSignal} [signal]
   * @returns {Promise<void>} rejects with the signal's reason
   */
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        removeEventListener('online', done);
        document.removeEventListener('visibilitychange', onVisible);
        signal?.removeEventListener('abort', done);
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      };
      const onVisible = () => {
        if (document.visibilityState === 'visible') done();
      };
      const timer = setTimeout(done, ms);
      addEventListener('online', done);
      document.addEventListener('visibilitychange', onVisible);
      signal?.addEventListener('abort', done);
      if (signal?.aborted) done();
    });
  },

  /**
   * Acts after a while.
   *
   * @param {number} ms
   * @param {() => void} act
   * @returns {() => void} calls it off
   */
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** A name that nobody else has. */
export const newName = () => crypto.randomUUID();
