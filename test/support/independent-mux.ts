import { once } from 'node:events';
import { WebSocket } from 'ws';

/** The types of frames, by their numbers in docs/PROTOCOL.md. */
const TYPES: Readonly<Record<string, number>> = {
  OPEN: 0x01,
  OPENED: 0x02,
  DATA: 0x03,
  EVENT: 0x04,
  CREDIT: 0x05,
  CLOSE: 0x06,
  ERROR: 0x07,
  PING: 0x08,
  PONG: 0x09,
  AUTH: 0x0a,
  AUTHED: 0x0b,
  GOAWAY: 0x0c,
  BATCH: 0x0d,
};
/** How long a frame may take to come, in milliseconds. */
const PATIENCE_MS = 15_000;

/** A frame as the document shows it. */
export interface PlainFrame {
  readonly handle: string;
  readonly name: string;
  readonly json?: unknown;
  readonly text?: string;
  /** Hexadecimal. */
  readonly payload?: string;
  readonly offset?: number;
  readonly grant?: number;
  readonly frames?: readonly PlainFrame[];
}

/** The bytes of a frame. Written from the document alone, without a line of the server's or the client's. */
export function bytesOf({ handle, name, ...rest }: PlainFrame): Buffer {
  return Buffer.concat([Buffer.from(handle, 'hex'), Buffer.of(TYPES[name] ?? 0), payloadOf(rest)]);
}

function payloadOf({ json, text, payload, offset, grant, frames }: Partial<PlainFrame>): Buffer {
  if (frames !== undefined) return Buffer.concat(frames.flatMap((frame) => withLength(bytesOf(frame))));
  if (grant !== undefined) return numberIn(4, grant);
  const body =
    json === undefined
      ? Buffer.from(text ?? payload ?? '', text === undefined ? 'hex' : 'utf8')
      : jsonIn(json);
  return offset === undefined ? body : Buffer.concat([numberIn(8, offset), body]);
}

const jsonIn = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));
const withLength = (bytes: Buffer): Buffer[] => [numberIn(4, bytes.length), bytes];

function numberIn(bytes: number, value: number): Buffer {
  return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
}

/** The frames of a server's message. */
function framesIn(message: Buffer): Array<{ handle: string; name: string; payload: Buffer }> {
  const handle = message.toString('hex', 0, 8);
  const name = Object.keys(TYPES).find((one) => TYPES[one] === message[8]) ?? 'unknown';
  const payload = message.subarray(9);
  if (name !== 'BATCH') return [{ handle, name, payload }];
  const length = payload.readUInt32BE();
  const rest = payload.subarray(4 + length);
  const others = rest.length === 0 ? [] : framesIn(Buffer.concat([message.subarray(0, 9), rest]));
  return [...framesIn(payload.subarray(4, 4 + length)), ...others];
}

/** A connection that was written from docs/PROTOCOL.md: what the server says is taken out one frame after the other. */
export class IndependentMux {
  readonly #socket: WebSocket;
  readonly #frames: Array<{ handle: string; name: string; payload: Buffer }> = [];
  readonly #closed: Promise<number>;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = once(socket, 'close').then(([code]) => code as number);
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      this.#frames.push(...framesIn(data));
      this.#wake();
    });
  }

  static async connect(url: string, subprotocol: string, token: string): Promise<IndependentMux> {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/mux`, subprotocol, { headers });
    const mux = new IndependentMux(socket);
    await once(socket, 'open');
    return mux;
  }

  /** Sends a message as it is; a text as a text message. */
  send(message: Buffer | string): void {
    this.#socket.send(message);
  }

  /** The next frame that the server has sent. */
  async next(): Promise<{ handle: string; name: string; payload: Buffer }> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (late.aborted) throw new Error('the server said nothing');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        late.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Looks at a frame again the next time. */
  putBack(frame: { handle: string; name: string; payload: Buffer }): void {
    this.#frames.unshift(frame);
  }

  /** The code that the server closes the socket with. Frames that nobody has taken out before are too many. */
  async closed(): Promise<number> {
    const code = await this.#closed;
    if (this.#frames.length > 0) throw new Error(`the server said ${this.#frames[0]?.name} before`);
    return code;
  }

  /** Cuts the connection without a word. */
  async cut(): Promise<void> {
    this.#socket.terminate();
    await this.#closed;
  }
}
