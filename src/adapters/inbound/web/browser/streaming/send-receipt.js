import { ApiProblem } from '../platform/api-client.js';

/** Wait before a receipt that did not arrive is sent again, in milliseconds; it doubles. */
const FIRST_WAIT_MS = 300;
/** How often a receipt is sent before it is given up, which costs nobody anything. */
const MAX_TRIES = 5;

/**
 * Tells the server what arrived, if that is still due from this browser. The same body goes out on every try, so that
 * a repeat is answered like the first.
 *
 * @param {object} deps
 * @param {Pick<import('../platform/api-client.js').ApiClient, 'call'>} deps.api
 * @param {{ sleep(ms: number): Promise<void> }} deps.timers
 * @param {Pick<typeof import('../platform/receipts-due.js').receiptsDue, 'has' | 'remove'>} deps.receiptsDue
 * @param {string} path the chat's
 * @param {{ streamId: string, text: string }} received
 * @returns {Promise<string | undefined>} what the server calls the receipt; undefined when there is none
 */
export async function sendReceipt({ api, timers, receiptsDue }, path, { streamId, text }) {
  if (!receiptsDue.has(streamId)) return undefined;
  const body = { completeResponse: text, streamingSessionId: streamId };
  let waitMs = FIRST_WAIT_MS;
  for (let tries = 1; ; tries += 1) {
    try {
      const { receipt } = await api.call('POST', `${path}/update-stream`, body);
      receiptsDue.remove(streamId);
      return String(receipt);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      if (!error.passes || tries === MAX_TRIES) {
        if (error.status !== 401) receiptsDue.remove(streamId);
        return undefined;
      }
      await timers.sleep(waitMs);
      waitMs *= 2;
    }
  }
}
