import type { LogEvent } from '../../../src/adapters/inbound/web/browser/streaming/answer.js';
import { ChatFeed } from '../../../src/adapters/inbound/web/browser/streaming/chat-feed.js';

const encoder = new TextEncoder();
const written = ({ offset, type, data }: LogEvent): string =>
  `id: ${offset}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Waits that end at once, unless they are those of a silent connection. */
const TIMERS = {
  sleep: (_ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      setImmediate(() => (signal?.aborted ? reject(signal.reason) : resolve()));
    }),
  after: (): (() => void) => () => undefined,
};

interface Reading {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  cursor: number;
}

/** A chat whose stream is written by the test and read by any number of tabs. */
export class FakeChat {
  readonly log: LogEvent[] = [];
  /** Cursors that connections began with, in order. */
  readonly opened: Array<number | undefined> = [];
  mostOpen = 0;
  /** Answers that the next connections get in place of the stream. */
  readonly refusals: Response[] = [];
  /** Called when a tab has read the end of an answer. */
  onEndRead: () => void = () => undefined;
  readonly #name = `chat-${crypto.randomUUID()}`;
  readonly #readings = new Set<Reading>();
  readonly #tabs: ChatFeed[] = [];

  /** One tab that shows the chat, with the real channel and the real locks. */
  openTab(): ChatFeed {
    const channel = new BroadcastChannel(this.#name);
    const tab = new ChatFeed({
      name: this.#name,
      channel: {
        post: (message) => channel.postMessage(message),
        listen: (listener) => {
          channel.onmessage = ({ data }) => listener(data);
        },
        close: () => channel.close(),
      },
      locks: navigator.locks,
      timers: TIMERS,
      open: async (cursor, signal) => this.connect(cursor, signal),
      onChange: () => {
        if (tab.answer?.end !== undefined) this.onEndRead();
      },
      onAsked: () => void tab.follow(),
      onReceipt: () => undefined,
    });
    this.#tabs.push(tab);
    return tab;
  }

  connect(cursor?: number, signal?: AbortSignal): Response {
    this.opened.push(cursor);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return refusal;
    let reading: Reading;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        reading = { controller, cursor: cursor ?? 0 };
        this.#readings.add(reading);
        this.mostOpen = Math.max(this.mostOpen, this.#readings.size);
        this.#send(reading);
      },
      cancel: () => void this.#readings.delete(reading),
    });
    signal?.addEventListener('abort', () => this.#readings.delete(reading));
    return new Response(body);
  }

  /** Writes events; whoever reads gets them. */
  write(...events: LogEvent[]): void {
    this.log.push(...events);
    for (const reading of [...this.#readings]) this.#send(reading);
  }

  /** Cuts every connection. */
  cut(): void {
    for (const { controller } of this.#readings) controller.error(new TypeError('network error'));
    this.#readings.clear();
  }

  close(): void {
    this.cut();
    for (const tab of this.#tabs) tab.close();
  }

  #send(reading: Reading): void {
    const events = this.log.filter(({ offset }) => offset > reading.cursor);
    const last = events.at(-1);
    if (last === undefined) return;
    reading.cursor = last.offset;
    reading.controller.enqueue(encoder.encode(events.map(written).join('')));
    if (last.type !== 'done' && last.type !== 'error') return;
    reading.controller.close();
    this.#readings.delete(reading);
  }
}
