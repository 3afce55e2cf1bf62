import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { ServerUrls } from './running-server.ts';

/** An answer with its body read as JSON, or as text when it is none. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on field by field
  readonly body: any;
}

/** One event of a stream as it came over the wire. */
export interface WireEvent {
  readonly id: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: data is asserted on field by field
  readonly data: any;
}

/** A response whose event stream is read by a test. */
export class EventReader {
  readonly response: Response;
  readonly #events: WireEvent[] = [];
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #decoder = new TextDecoder();
  readonly #parser = createParser({ onEvent: (event) => this.#take(event) });

  constructor(response: Response) {
    this.response = response;
    this.#reader = response.body?.getReader();
  }

  /** The id of the stream from its header. */
  get streamId(): string {
    return this.response.headers.get('x-streaming-session-id') ?? '';
  }

  get events(): readonly WireEvent[] {
    return this.#events;
  }

  /** The text of all chunks so far. */
  get text(): string {
    return this.#events.reduce((text, event) => (event.type === 'chunk' ? text + event.data.text : text), '');
  }

  /** Offset of the last event, 0 before the first. */
  get cursor(): number {
    return this.#events.at(-1)?.id ?? 0;
  }

  /** Reads until a condition holds; false when the response ended before. */
  async until(condition: (reader: EventReader) => boolean): Promise<boolean> {
    while (!condition(this)) {
      const part = await this.#reader?.read().catch(() => undefined);
      if (part === undefined || part.done) return condition(this);
      this.#parser.feed(this.#decoder.decode(part.value, { stream: true }));
    }
    return true;
  }

  /** Reads to the end of the response and returns the event that ended the stream, if one came. */
  async toEnd(): Promise<WireEvent | undefined> {
    await this.until(() => false);
    return this.#events.findLast((event) => event.type === 'done' || event.type === 'error');
  }

  /** Cuts the connection. */
  async cut(): Promise<void> {
    await this.#reader?.cancel().catch(() => {});
    this.#reader = undefined;
  }

  #take(event: EventSourceMessage): void {
    this.#events.push({ id: Number(event.id), type: event.event ?? 'message', data: JSON.parse(event.data) });
  }
}

/** A client of one person, as thin as it can be: what a test asserts on is what came over the wire. */
export class ApiClient {
  readonly urls: ServerUrls;
  readonly token: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** `headers` go with every request, such as the cookie of a browser. */
  constructor(urls: ServerUrls, token = '', headers: Readonly<Record<string, string>> = {}) {
    this.urls = urls;
    this.token = token;
    this.#headers = headers;
  }

  /** Logs in and returns a client that carries the access token. */
  static async login(urls: ServerUrls, username: string, password: string): Promise<ApiClient> {
    const anonymous = new ApiClient(urls);
    const { status, body } = await anonymous.post('auth', '/api/auth/login', { username, password });
    if (status !== 200) throw new Error(`login as ${username} gave ${status}: ${JSON.stringify(body)}`);
    return new ApiClient(urls, body.accessToken);
  }

  get(service: keyof ServerUrls, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(service, 'GET', path, undefined, headers);
  }

  post(
    service: keyof ServerUrls,
    path: string,
    body: unknown = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.send(service, 'POST', path, JSON.stringify(body), headers);
  }

  /** Sends a body as it is. */
  async send(
    service: keyof ServerUrls,
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await this.#fetch(service, method, path, body, headers);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Makes a chat and returns its id. */
  async createChat(): Promise<string> {
    const { status, body } = await this.post('chat', '/api/chat/sessions');
    if (status !== 201) throw new Error(`a chat could not be made: ${status} ${JSON.stringify(body)}`);
    return body.sessionId;
  }

  /** Starts a stream; the response's body is read by the returned reader. */
  async start(
    chat: string,
    message = 'What is Holdfast?',
    headers: Record<string, string> = {},
  ): Promise<EventReader> {
    const body = JSON.stringify({ message });
    return new EventReader(
      await this.#fetch('chat', 'POST', `/api/chat/sessions/${chat}/stream`, body, headers),
    );
  }

  /** Resumes the chat's stream after an offset, or from its beginning. */
  async resume(chat: string, afterOffset?: number): Promise<EventReader> {
    const headers: Record<string, string> =
      afterOffset === undefined ? {} : { 'last-event-id': String(afterOffset) };
    return new EventReader(
      await this.#fetch('chat', 'GET', `/api/chat/sessions/${chat}/stream`, undefined, headers),
    );
  }

  /** Observes the running stream of somebody's chat. */
  async observe(chat: string): Promise<EventReader> {
    return new EventReader(
      await this.#fetch('chat', 'GET', `/api/chat/sessions/${chat}/observe`, undefined, {}),
    );
  }

  /** Sends the receipt of a stream. */
  update(
    chat: string,
    streamingSessionId: unknown,
    completeResponse: unknown,
    tokensUsed?: unknown,
  ): Promise<Answer> {
    const body = {
      completeResponse,
      streamingSessionId,
      ...(tokensUsed === undefined ? {} : { tokensUsed }),
    };
    return this.post('chat', `/api/chat/sessions/${chat}/update-stream`, body);
  }

  /** Stops a running stream. */
  stop(chat: string, streamingSessionId: unknown): Promise<Answer> {
    return this.post('chat', `/api/chat/sessions/${chat}/stop`, { streamingSessionId });
  }

  #fetch(
    service: keyof ServerUrls,
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    headers: Record<string, string>,
  ): Promise<Response> {
    const credential: Record<string, string> =
      this.token === '' ? {} : { authorization: `Bearer ${this.token}` };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    return fetch(this.urls[service] + path, {
      method,
      headers: { ...type, ...credential, ...this.#headers, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }
}
