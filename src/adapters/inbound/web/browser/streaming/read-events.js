import { EventStreamParser } from './event-stream-parser.js';

/** @import { LogEvent } from './answer.js' */

const TYPES = new Set(['session', 'chunk', 'done', 'error']);

/**
 * Reads the events of a response as they come, several at a time where they came together. Ends when the server has
 * ended the response.
 *
 * @param {Response} response
 * @param {(events: LogEvent[]) => void} onEvents called for every piece that arrives, also for one without an event
 * @param {AbortSignal} signal closes the connection
 * @returns {Promise<void>} rejects when the connection was cut, or with the signal's reason
 */
export const readEvents = (response, onEvents, signal) =>
  readRawEvents(response, (events) => onEvents(events.flatMap(logEvent)), signal);

/**
 * Reads the events of a response as they were written, whatever they are.
 *
 * @param {Response} response
 * @param {(events: import('./event-stream-parser.js').RawEvent[]) => void} onEvents called for every piece that arrives
 * @param {AbortSignal} signal closes the connection
 * @returns {Promise<void>} as `readEvents`
 */
export async function readRawEvents(response, onEvents, signal) {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const cancel = () => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  const decoder = new TextDecoder();
  const parser = new EventStreamParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      onEvents(parser.push(decoder.decode(value, { stream: true })));
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/**
 * The event of a stream's log that was written, if it is one.
 *
 * @param {import('./event-stream-parser.js').RawEvent} raw
 * @returns {LogEvent[]}
 */
function logEvent({ id, type, data }) {
  if (!TYPES.has(type) || !/^[0-9]{1,15}$/.test(id)) return [];
  /** @type {unknown} */
  const parsed = JSON.parse(data);
  if (typeof parsed !== 'object' || parsed === null) return [];
  return [
    {
      offset: Number(id),
      type: /** @type {LogEvent['type']} */ (type),
      data: /** @type {Readonly<Record<string, unknown>>} */ (parsed),
    },
  ];
}
