import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { WebSocket } from 'ws';
import { independentClientFrame, independentServerFrame } from './independent-wire.ts';

/** How long something may take to come, in milliseconds. */
const PATIENCE_MS = 10_000;

/** How an agent's connection ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** What an upgrade came to. */
export interface Refused {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A call of a tool that the starter's rules find dangerous, as a model asks for it. */
export const DANGEROUS: JsonObject = {
  pairType: 1,
  llm: { toolCalls: [{ name: 'bash', args: '{"command":"rm -rf / --no-preserve-root"}', id: 'call-1' }] },
};
/** One that nothing speaks against. */
export const BENIGN: JsonObject = {
  pairType: 1,
  llm: { toolCalls: [{ name: 'bash', args: '{"command":"ls"}', id: 'call-1' }] },
};

/** An agent as an SDK is one, over an encoder of its own; it keeps everything that it gets. */
export class AgentClient {
  readonly socket: WebSocket;
  // biome-ignore lint/suspicious/noExplicitAny: frames are asserted on field by field
  readonly received: any[] = [];
  /** How the connection ended, once it has. */
  readonly closed: Promise<Closed>;
  // biome-ignore lint/suspicious/noExplicitAny: frames are asserted on field by field
  readonly #waiting: any[] = [];
  readonly #wakes = new Set<() => void>();
  #end: Closed | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code: number, reason: Buffer) => {
        this.#end = { code, reason: reason.toString() };
        resolve(this.#end);
        this.#wake();
      });
    });
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const frame = independentServerFrame(data);
      this.received.push(frame);
      this.#waiting.push(frame);
      this.#wake();
    });
  }

  /** Connects by a key. `autoPong`: whether it answers pings, which it does unless told otherwise. */
  static async connect(
    url: string,
    key: string,
    { autoPong = true }: { readonly autoPong?: boolean } = {},
  ): Promise<AgentClient> {
    const headers = { authorization: `Bearer ${key}` };
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, { headers, autoPong });
    const client = new AgentClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, { statusCode, headers: told }) => {
        reject(Object.assign(new Error(`refused with ${statusCode}`), { status: statusCode, headers: told }));
        socket.terminate();
      });
      socket.once('error', reject);
    });
    return client;
  }

  /** Connects and logs in; the acknowledgement has come. */
  static async login(
    url: string,
    key: string,
    sessionId: string,
    more: Readonly<Record<string, JsonValue>> = {},
  ): Promise<AgentClient> {
    const client = await AgentClient.connect(url, key);
    client.logIn(sessionId, more);
    await client.ack();
    return client;
  }

  /** What is answered to an upgrade that is refused. */
  static async refused(url: string, key: string): Promise<Refused> {
    try {
      const client = await AgentClient.connect(url, key);
      client.socket.terminate();
    } catch (error) {
      if (typeof error === 'object' && error !== null && 'status' in error) return error as Refused;
      throw error;
    }
    throw new Error('it was let in');
  }

  /** Sends a frame in the JSON form of the wire. */
  send(frame: JsonValue): void {
    this.socket.send(independentClientFrame(frame));
  }

  logIn(sessionId: string, more: Readonly<Record<string, JsonValue>> = {}): void {
    this.send({ login: { sessionId, schemaVersion: 2, source: 'sdk', ...more } });
  }

  /** Sends one event. */
  event(eventId: string, more: JsonObject = BENIGN): void {
    this.send({ pairedBatch: { events: [{ eventId, runId: 'run-1', ...more }] } });
  }

  /** The next acknowledgement of a login, with its policy. */
  async ack() {
    return (await this.next((frame) => frame.loginAck !== undefined)).loginAck;
  }

  /** The next verdict on an event; on any unless one is named. */
  async verdict(eventId?: string) {
    return (
      await this.next(({ verdict }) => verdict !== undefined && (!eventId || verdict.eventId === eventId))
    ).verdict;
  }

  /** All verdicts so far on an event. */
  verdictsOn(eventId: string) {
    return this.received.filter(({ verdict }) => verdict?.eventId === eventId);
  }

  /** The next frame that is what is waited for and that nobody else has waited for. */
  // biome-ignore lint/suspicious/noExplicitAny: frames are asserted on field by field
  async next(isWanted: (frame: any) => boolean): Promise<any> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const at = this.#waiting.findIndex(isWanted);
      if (at >= 0) return this.#waiting.splice(at, 1)[0];
      const leftMs = until - performance.now();
      if (leftMs <= 0 || this.#end !== undefined) {
        throw new Error(
          `it did not come (${JSON.stringify(this.#end)}); there was ${JSON.stringify(this.received)}`,
        );
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#wakes.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, leftMs);
        this.#wakes.add(wake);
      });
    }
  }

  /** Everything that was sent before now has been answered, as far as it is: a ping has come back. */
  async settled(): Promise<void> {
    const pong = new Promise<void>((resolve) => this.socket.once('pong', () => resolve()));
    this.socket.ping();
    await Promise.race([pong, this.closed]);
  }

  /** Ends the connection without a word, as a process that is killed does. */
  async cut(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}
