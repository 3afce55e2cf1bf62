import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the fake upstream answers one request. */
export type UpstreamBehaviour = (response: ServerResponse) => void | Promise<void>;

/** A request as it arrived. */
export interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** Resolves when the connection of this request has closed. */
  readonly closed: Promise<void>;
}

/**
 * A real HTTP server that speaks the OpenAI protocol. Each request is answered by the next behaviour that the
 * test has queued; without one by the usual behaviour.
 */
export class FakeUpstream {
  readonly requests: UpstreamRequest[] = [];
  usual: UpstreamBehaviour;
  readonly #queue: UpstreamBehaviour[] = [];
  readonly #waiting: Array<() => void> = [];
  readonly #server = createServer((request, response) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    request.socket.once('close', () => resolve());
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.once('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      this.requests.push({ path: request.url ?? '', headers: request.headers, body, closed });
      for (const wake of this.#waiting.splice(0)) wake();
      void (this.#queue.shift() ?? this.usual)(response);
    });
  });

  private constructor(usual: UpstreamBehaviour) {
    this.usual = usual;
  }

  static async start(usual: UpstreamBehaviour = answering('Hello', ' world')): Promise<FakeUpstream> {
    const upstream = new FakeUpstream(usual);
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  /** The base URL to configure. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** Answers the next request in another way. */
  next(behaviour: UpstreamBehaviour): void {
    this.#queue.push(behaviour);
  }

  /** The request of this number, counted from 0, as soon as it has arrived. */
  async request(number: number): Promise<UpstreamRequest> {
    for (;;) {
      const request = this.requests[number];
      if (request !== undefined) return request;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Starts an event stream. */
export function beginEvents(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
}

/** One event with JSON in it. */
export const eventOf = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** One chunk with a delta, such as `{ content: 'Hello' }`. */
export const deltaEvent = (delta: unknown, finishReason: string | null = null): string =>
  eventOf({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finishReason }] });

/** The chunk that carries only usage. */
export const usageEvent = (usage: unknown): string => eventOf({ choices: [], usage });

/** The end of a stream that went well. */
export const DONE_EVENT = 'data: [DONE]\n\n';

/** The events of a whole answer, usage and `[DONE]` included. */
export const wholeAnswer = (texts: readonly string[], usage: unknown): string =>
  [
    deltaEvent({ role: 'assistant', content: '' }),
    ...texts.map((content) => deltaEvent({ content })),
    deltaEvent({}, 'stop'),
    ...(usage === undefined ? [] : [usageEvent(usage)]),
    DONE_EVENT,
  ].join('');

/** Answers well, with one chunk a text and a usage of 7 and one a text. */
export const answering =
  (...texts: string[]): UpstreamBehaviour =>
  (response) => {
    beginEvents(response);
    response.end(wholeAnswer(texts, { prompt_tokens: 7, completion_tokens: texts.length }));
  };

/** Sends this text as the body of the event stream and ends it. */
export const sending =
  (body: string): UpstreamBehaviour =>
  (response) => {
    beginEvents(response);
    response.end(body);
  };

/** Sends these bytes one network write each, so that a write may end within a code point. */
export const sendingInPieces =
  (pieces: readonly Uint8Array[]): UpstreamBehaviour =>
  async (response) => {
    beginEvents(response);
    for (const piece of pieces) {
      await new Promise((resolve) => response.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };

/** Sends the beginning of an event stream and then neither more nor an end. */
export const stallingAfter =
  (body: string): UpstreamBehaviour =>
  (response) => {
    beginEvents(response);
    if (body !== '') response.write(body);
  };

/** Says the same text again and again, so many milliseconds apart, until nobody listens any more. */
export const dripping =
  (text: string, everyMs: number): UpstreamBehaviour =>
  (response) => {
    beginEvents(response);
    const timer = setInterval(() => {
      if (!response.writableEnded) response.write(deltaEvent({ content: text }));
    }, everyMs);
    response.once('close', () => clearInterval(timer));
  };

/** Sends the beginning of an event stream and breaks the connection. */
export const breakingAfter =
  (body: string): UpstreamBehaviour =>
  (response) => {
    beginEvents(response);
    response.write(body, () => response.destroy());
  };

/** Refuses with a status. */
export const refusing =
  (status: number, body: string, headers: Record<string, string> = {}): UpstreamBehaviour =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };

/** Takes the request and never answers. */
export const silent: UpstreamBehaviour = () => undefined;
