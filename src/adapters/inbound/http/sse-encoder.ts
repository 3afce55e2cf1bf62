import type { StreamEvent, StreamEventType } from '../../../domain/streaming/stream-event.ts';

/** The first words of every event stream: how long an `EventSource` waits before it comes back, in milliseconds. */
export const SSE_RETRY = 'retry: 2000\n\n';
/** What breaks a silence. */
export const SSE_KEEPALIVE = ': keepalive\n\n';

/** What stands between an event's id and its data; made once, since this is written for every token of every reader. */
const NAMED: Readonly<Record<StreamEventType, string>> = {
  session: '\nevent: session\ndata: ',
  chunk: '\nevent: chunk\ndata: ',
  done: '\nevent: done\ndata: ',
  error: '\nevent: error\ndata: ',
};

/** One event that belongs to no log, and so has no id. */
export const sseNotice = (type: string, data: unknown): string =>
  `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Writes events in the form of `text/event-stream` (HTML Living Standard, 9.2). Readers of one stream get the same
 * array one after the other, so the text of the last one is kept and shared.
 */
export class SseEncoder {
  #events: readonly StreamEvent[] | undefined;
  #text = '';

  encode(events: readonly StreamEvent[]): string {
    if (events === this.#events) return this.#text;
    let text = '';
    for (const { offset, type, json } of events) text += `id: ${offset}${NAMED[type]}${json}\n\n`;
    this.#events = events;
    this.#text = text;
    return text;
  }
}
