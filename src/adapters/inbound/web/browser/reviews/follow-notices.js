import { ApiProblem, problemOf } from '../platform/api-client.js';
import { readRawEvents } from '../streaming/read-events.js';
import { SilenceWatch } from '../streaming/stream-loop.js';

/** First and longest wait before a lost connection is tried again, in milliseconds. */
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;

/**
 * What is told on an event stream that has no end and no memory.
 *
 * @typedef {{ type: string, data: any }} Notice
 */

/**
 * Follows notices through as many connections as it takes, until the signal aborts or the server refuses for good. What
 * happened between two connections is not told: each begins with a notice that says to look.
 *
 * @param {object} deps
 * @param {(signal: AbortSignal) => Promise<Response>} deps.open
 * @param {(notice: Notice) => void} deps.onNotice
 * @param {{ sleep(ms: number, signal?: AbortSignal): Promise<void>, after(ms: number, act: () => void): () => void }} deps.timers
 * @param {AbortSignal} deps.signal
 * @returns {Promise<void>} rejects with the refusal, or with the signal's reason
 */
export async function followNotices({ open, onNotice, timers, signal }) {
  let waitMs = FIRST_WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const cut = new AbortController();
    const watch = new SilenceWatch(timers, () => cut.abort(new Error('the server is silent')));
    try {
      const both = AbortSignal.any([signal, cut.signal]);
      const response = await open(both);
      if (!response.ok) throw await problemOf(response);
      await readRawEvents(
        response,
        (events) => {
          watch.heard();
          waitMs = FIRST_WAIT_MS;
          for (const { type, data } of events) onNotice({ type, data: JSON.parse(data) });
        },
        both,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiProblem && !error.passes) throw error;
      if (error instanceof ApiProblem) waitMs = Math.max(waitMs, error.retryAfterMs);
    } finally {
      watch.stop();
    }
    await timers.sleep(waitMs, signal);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}
