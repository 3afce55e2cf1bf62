import { CONNECTION, type FrameName, type Handle, hexOf } from '../../src/adapters/inbound/ws/mux/frame.ts';
import { readMessage } from '../../src/adapters/inbound/ws/mux/read-message.ts';
import { batchOf, frameOf, offsetPayload } from '../../src/adapters/inbound/ws/mux/write-frame.ts';
import { MuxClient } from '../../src/client/mux/mux-client.ts';
import type { MuxClientOptions } from '../../src/client/mux/mux-options.ts';
import type { Platform, PostAnswer, SocketLike } from '../../src/client/platform/platform.ts';
import { handleOf } from './mux-client.ts';

/** A frame that the client sent. */
export interface Sent {
  readonly name: FrameName;
  readonly handle: string;
  /** Its JSON, where it is one. */
  // biome-ignore lint/suspicious/noExplicitAny: payloads are asserted on field by field
  readonly json: any;
  readonly bytes: Buffer;
}

/** What the server says of a session unless a test says otherwise. */
const OPENED = {
  kind: 'echo',
  recovered: true,
  offset: 0,
  window: 262_144,
  limits: { ratePerMinute: 1_000, burst: 100, maxMessageBytes: 65_536 },
  permissions: ['mux.open'],
  expiresAt: null,
};

/** A socket of the client whose server a test plays, with the server's own codec. */
export class ScriptedServerSocket implements SocketLike {
  binaryType = '';
  protocol = '';
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly sent: Sent[] = [];
  /** How many WebSocket messages the client has sent. */
  messages = 0;
  isClosed = false;

  get readyState(): number {
    return this.isClosed ? 3 : 1;
  }

  /** Whether the server answers pings, as servers do. */
  answersPings = true;
  #handles = 0;

  constructor(url: string, protocols: readonly string[], headers: Readonly<Record<string, string>>) {
    this.url = url;
    this.protocols = protocols;
    this.headers = headers;
  }

  send(message: Uint8Array): void {
    this.messages += 1;
    const rules = { from: 'client', batch: this.protocol.endsWith('.batch') } as const;
    const broken = readMessage(Buffer.from(message), rules, {
      deliver: ({ name, payload, ...handle }) => {
        const bytes = Buffer.from(payload);
        this.sent.push({ name, handle: hexOf(handle), json: jsonIn(bytes), bytes });
        if (name === 'PING' && this.answersPings) queueMicrotask(() => this.say(undefined, 'PONG', bytes));
        return true;
      },
    });
    if (broken !== undefined) throw new Error('the client has sent what is no frame');
  }

  close(): void {
    this.isClosed = true;
  }

  /** The server takes the connection. */
  accept(protocol = this.protocols[0] ?? ''): void {
    this.protocol = protocol;
    this.onopen?.();
  }

  /** The connection is lost, or closed with a code; before it was open it is refused. */
  lose(code = 1006): void {
    this.isClosed = true;
    this.onclose?.({ code, reason: '' });
  }

  /** The server says something on a handle; an object goes as JSON. */
  say(handle: string | undefined, name: FrameName, payload: unknown = Buffer.alloc(0)): void {
    this.deliver(frameFrom(handle, name, payload));
  }

  /** The server says several things in one message. */
  sayTogether(...frames: readonly Buffer[]): void {
    this.deliver(batchOf(frames));
  }

  /** Bytes come, of whatever form. */
  deliver(bytes: Uint8Array): void {
    this.onmessage?.({ data: new Uint8Array(bytes).buffer });
  }

  event(handle: string, offset: number, data = `event ${offset}`): void {
    this.say(handle, 'EVENT', Buffer.concat([offsetPayload(offset), Buffer.from(data)]));
  }

  /** The OPENs that nobody has answered. */
  get asked(): Sent[] {
    return this.sent.filter(({ name }) => name === 'OPEN');
  }

  /** Answers the newest OPEN. @returns the handle. */
  opened(more: Readonly<Record<string, unknown>> = {}, asked = this.asked.at(-1)): string {
    if (asked === undefined) throw new Error('nothing was asked for');
    this.#handles += 1;
    const handle = this.#handles.toString(16).padStart(16, '0');
    const { ref, resume } = asked.json;
    const sessionId = resume?.sessionId ?? `session-${handle}`;
    const resumeToken = `token-${handle}-${this.asked.length}`;
    this.say(undefined, 'OPENED', { ref, handle, sessionId, resumeToken, epoch: 1, ...OPENED, ...more });
    return handle;
  }

  /** Refuses the newest OPEN. */
  refused(code: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.say(undefined, 'ERROR', { code, message: code, ref: this.asked.at(-1)?.json.ref, ...more });
  }

  /** What was sent on a handle, of one type. */
  on(handle: string, name: FrameName): Sent[] {
    return this.sent.filter((frame) => frame.handle === handle && frame.name === name);
  }
}

const jsonIn = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
};

/** A frame of the server's. */
export function frameFrom(handle: string | undefined, name: FrameName, payload: unknown): Buffer {
  const at: Handle = handle === undefined ? CONNECTION : handleOf(handle);
  return frameOf(at, name, Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)));
}

/** A CREDIT's payload. */
export const grant = (bytes: number): Buffer => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return payload;
};

interface Timer {
  readonly dueMs: number;
  act(): void;
}

/** The client's world: time is moved, sockets are played, and what is drawn at random is 0.5. */
export class ScriptedMux implements Platform {
  takesHeaders = true;
  readonly sockets: ScriptedServerSocket[] = [];
  readonly posts: Array<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }> = [];
  postAnswer: PostAnswer = { status: 201, body: { ticket: 'a-ticket', expiresIn: 30 } };
  #nowMs = 0;
  #uuids = 0;
  readonly #timers = new Set<Timer>();

  nowMs = (): number => this.#nowMs;
  monotonicMs = (): number => this.#nowMs;
  fraction = (): number => 0.5;

  uuid(): string {
    this.#uuids += 1;
    return `uuid-${this.#uuids}`;
  }

  after(delayMs: number, act: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  connect(
    url: string,
    protocols: readonly string[],
    headers: Readonly<Record<string, string>>,
  ): ScriptedServerSocket {
    const socket = new ScriptedServerSocket(url, protocols, headers);
    this.sockets.push(socket);
    return socket;
  }

  async post(url: string, headers: Readonly<Record<string, string>>): Promise<PostAnswer> {
    this.posts.push({ url, headers });
    return this.postAnswer;
  }

  /** The newest socket. */
  get socket(): ScriptedServerSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('nothing has connected');
    return socket;
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size;
  }

  client(options: Partial<MuxClientOptions> = {}): MuxClient {
    return new MuxClient({
      url: 'https://chat.example.org',
      credential: 'first',
      platform: this,
      ...options,
    });
  }

  /** A client with one session that is open, of whose socket the test plays the server. */
  async session(options: Partial<MuxClientOptions> = {}, opened = {}, open = {}) {
    const client = this.client(options);
    const opening = client.open('echo', open);
    await this.settle();
    this.socket.accept();
    await this.settle();
    const handle = this.socket.opened(opened);
    return { client, session: await opening, handle, socket: this.socket };
  }

  /** The connection is lost, and the client has another one. */
  async reconnect(): Promise<void> {
    const { length } = this.sockets;
    this.socket.lose();
    for (let turn = 0; this.sockets.length === length && turn < 400; turn += 1) await this.advance(100);
    this.socket.accept();
    await this.settle();
  }

  /** Lets everything that is due take its turn; no time passes. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time pass. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await this.settle();
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs);
      const [next] = due.sort((one, other) => one.dueMs - other.dueMs);
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timers.delete(next);
      next.act();
      await this.settle();
    }
    this.#nowMs = untilMs;
  }
}
