import { ApiProblem, problemOf } from '../platform/api-client.js';

/** Wait before a question that did not arrive is sent again: the first and the longest, in milliseconds. */
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;

/**
 * Sends a question until the server has it. All tries have one key, so that it is answered, and paid for, once.
 *
 * @param {object} deps
 * @param {Pick<import('../platform/api-client.js').ApiClient, 'open'>} deps.api
 * @param {{ sleep(ms: number, signal?: AbortSignal): Promise<void> }} deps.timers
 * @param {() => string} deps.newName
 * @param {object} sending
 * @param {string} sending.path the chat's
 * @param {{ message: string, modelId: string }} sending.body
 * @param {AbortSignal} sending.signal ends the request
 * @param {AbortSignal} sending.givenUp ends the trying: what is under way may arrive yet
 * @param {(againInMs: number) => void} sending.onAway the server was not there
 * @returns {Promise<Response>} the answer as it comes
 * @throws {ApiProblem} when the question was refused; the signals' reasons
 */
export async function sendQuestion({ api, timers, newName }, { path, body, signal, givenUp, onAway }) {
  const headers = { 'Idempotency-Key': newName() };
  const patience = AbortSignal.any([signal, givenUp]);
  const once = async () => {
    try {
      const response = await api.open('POST', `${path}/stream`, { body, headers, signal });
      return response.ok ? response : await problemOf(response);
    } catch (error) {
      if (error instanceof ApiProblem) return error;
      throw error;
    }
  };
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    const sent = await once();
    if (sent instanceof Response) return sent;
    if (sent.status !== 0 && sent.status !== 503) throw sent;
    const againInMs = Math.max(waitMs, sent.retryAfterMs);
    onAway(againInMs);
    await timers.sleep(againInMs, patience);
  }
}
