import { WebSocket } from 'ws';
import {
  CONNECTION,
  type Frame,
  type FrameName,
  type Handle,
  hexOf,
} from '../../src/adapters/inbound/ws/mux/frame.ts';
import { readMessage } from '../../src/adapters/inbound/ws/mux/read-message.ts';
import type { OpenedPayload } from '../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { frameOf } from '../../src/adapters/inbound/ws/mux/write-frame.ts';

/** How long a frame may take to come, in milliseconds. */
const PATIENCE_MS = 10_000;

/** A frame as a test looks at it. */
export interface Received {
  readonly name: FrameName;
  /** 16 digits of hexadecimal; zeros for the connection. */
  readonly handle: string;
  /** The JSON of frames that have it. */
  // biome-ignore lint/suspicious/noExplicitAny: payloads are asserted on field by field
  readonly json: any;
  /** An EVENT's offset; 0 for none. */
  readonly offset: number;
  readonly bytes: Buffer;
}

const OF_JSON: readonly FrameName[] = ['OPENED', 'CLOSE', 'ERROR', 'AUTHED', 'GOAWAY'];

/** The handle of a session, from the digits of its OPENED. */
export const handleOf = (digits: string): Handle => ({
  high: Number.parseInt(digits.slice(0, 8), 16),
  low: Number.parseInt(digits.slice(8), 16),
});

/** A client of one multiplexed connection that keeps everything it gets. */
export class MuxClient {
  readonly socket: WebSocket;
  readonly received: Received[] = [];
  /** Whether it answers PINGs of the server's, in their order. */
  answersPings = true;
  /** The code of the socket's close, once it is closed. */
  readonly closed: Promise<number>;
  /** What nobody has waited for yet. */
  readonly #waiting: Received[] = [];
  readonly #wakes = new Set<() => void>();
  #refs = 0;

  private constructor(socket: WebSocket, batch: boolean) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#wake());
    socket.on('message', (data: Buffer) => {
      readMessage(data, { from: 'server', batch }, this);
      this.#wake();
    });
  }

  /** A frame has come. */
  deliver(frame: Frame): boolean {
    const received = toReceived(frame);
    if (frame.name === 'PING' && this.answersPings) this.send(received.handle, 'PONG', received.bytes);
    this.received.push(received);
    this.#waiting.push(received);
    return true;
  }

  /** Connects, with a bearer. */
  static async connect(
    url: string,
    token: string,
    { batch = false }: { readonly batch?: boolean } = {},
  ): Promise<MuxClient> {
    const protocol = batch ? 'holdfast.mux.v1.batch' : 'holdfast.mux.v1';
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/mux`, protocol, { headers });
    const client = new MuxClient(socket, batch);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Sends a frame; an object goes as JSON. */
  send(handle: string | undefined, name: FrameName, payload: unknown = Buffer.alloc(0)): void {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
    this.socket.send(frameOf(handle === undefined ? CONNECTION : handleOf(handle), name, bytes));
  }

  /** Opens a session; what comes back may be a refusal. */
  async ask(kind: string, more: Readonly<Record<string, unknown>> = {}): Promise<Received> {
    this.#refs += 1;
    const ref = `r${this.#refs}`;
    this.send(undefined, 'OPEN', { ref, kind, ...more });
    return this.next(({ json }) => json?.ref === ref);
  }

  /** Opens a session that is not refused. */
  async open(kind: string, more: Readonly<Record<string, unknown>> = {}): Promise<OpenedPayload> {
    const answer = await this.ask(kind, more);
    if (answer.name !== 'OPENED') throw new Error(`refused: ${answer.bytes.toString()}`);
    return answer.json as OpenedPayload;
  }

  /** The next frame that is what is waited for and that nobody else has waited for. */
  async next(isWanted: (frame: Received) => boolean): Promise<Received> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const at = this.#waiting.findIndex(isWanted);
      const [frame] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (frame !== undefined) return frame;
      const left = until - performance.now();
      if (left <= 0) throw new Error(`it did not come; there was ${this.#told()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wakes.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The next frame of a type on a session. */
  on(handle: string, name: FrameName): Promise<Received> {
    return this.next((frame) => frame.handle === handle && frame.name === name);
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }

  #told(): string {
    return this.received.map(({ name, bytes }) => `${name} ${bytes.toString().slice(0, 120)}`).join('\n');
  }
}

/** A frame as a test looks at it, with bytes of its own. */
export function toReceived({ high, low, name, payload }: Frame): Received {
  const isEvent = name === 'EVENT';
  const bytes = Buffer.from(isEvent ? payload.subarray(8) : payload);
  return {
    name,
    handle: hexOf({ high, low }),
    json: OF_JSON.includes(name) || isEvent ? JSON.parse(bytes.toString()) : undefined,
    offset: isEvent ? Number(payload.readBigUInt64BE()) : 0,
    bytes,
  };
}
