import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** The opcodes of RFC 6455, 5.2. */
export const OPCODES = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Closes without a code count as this one (RFC 6455, 7.1.5). */
const NO_CODE = 1005;
/** How long the server may take to answer and to let go, in milliseconds. */
const PATIENCE_MS = 10_000;

/** The form of a frame of the WebSocket, where it is not that of a whole masked binary message. */
export interface WireForm {
  readonly isLast?: boolean;
  /** The three reserved bits. */
  readonly reserved?: number;
  readonly opcode?: number;
  readonly isMasked?: boolean;
  /** The length that it says it has; its own unless said. */
  readonly length?: bigint;
  /** Bits that the length is written in; the fewest that it needs unless said. */
  readonly lengthBits?: 7 | 16 | 64;
}

/** A frame of the WebSocket as a client writes it, or as none should. */
export function wireFrame(payload: Uint8Array, form: WireForm = {}): Buffer {
  const { isLast = true, reserved = 0, opcode = OPCODES.binary, isMasked = true } = form;
  const length = form.length ?? BigInt(payload.length);
  const bits = form.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10);
  head[0] = (isLast ? 0x80 : 0) | ((reserved & 7) << 4) | (opcode & 15);
  const short = bits === 7 ? Number(length & 127n) : bits === 16 ? 126 : 127;
  head[1] = (isMasked ? 0x80 : 0) | short;
  if (bits === 16) head.writeUInt16BE(Number(length & 0xffffn), 2);
  if (bits === 64) head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  if (!isMasked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let at = 0; at < masked.length; at += 1) masked[at] = (masked[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([head, mask, masked]);
}

/** How a client goes away: by a close of the WebSocket, by the end of its bytes, without a word, or when it is told to. */
export type Leaving = 'close' | 'end' | 'reset' | 'wait';

/** A WebSocket without a library: it writes whatever bytes a test wants, and takes none from the server but right ones. */
export class StrictWire {
  /** The payloads of the server's binary messages. */
  readonly messages: Buffer[] = [];
  /** What the server has done against RFC 6455. */
  readonly faults: string[] = [];
  /** The code of the server's close; undefined when it has sent none. */
  code: number | undefined;
  /** Whether it goes when the server has closed. */
  isPolite = true;
  readonly #socket: Socket;
  readonly #gone: Promise<void>;
  #rest = Buffer.alloc(0);
  #head: string | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()));
    void this.#gone.then(() => this.#wake());
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      if (this.#head === undefined) this.#readHead();
      else this.#readFrames();
      this.#wake();
    });
  }

  /** Asks for a connection. @throws when it is refused. */
  static async open(url: string, token: string, protocol: string): Promise<StrictWire> {
    const { hostname, port, host } = new URL(url);
    const wire = new StrictWire(connect(Number(port), hostname));
    wire.write(
      Buffer.from(
        `GET /ws/mux HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
          `Sec-WebSocket-Protocol: ${protocol}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      ),
    );
    const head = await wire.#until(() => wire.#head);
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`refused: ${head}`);
    return wire;
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** The first of the messages of which something can be made; throws when the server goes before. */
  first<Found>(find: (message: Buffer) => Found | undefined): Promise<Found> {
    return this.#until(() => {
      for (const message of this.messages) {
        const found = find(message);
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  /** Goes away, and waits until the server has let go. */
  async leave(how: Leaving): Promise<void> {
    if (how === 'reset') this.#socket.resetAndDestroy();
    if (how === 'close') this.write(wireFrame(Buffer.of(0x03, 0xe8), { opcode: OPCODES.close }));
    // What is left of a frame that was cut may swallow the close: the end does not depend on it.
    if (how === 'close' || how === 'end') this.#socket.end();
    const late = AbortSignal.timeout(PATIENCE_MS);
    late.onabort = () => this.faults.push(`held the connection after ${how}`);
    await Promise.race([this.#gone, new Promise((resolve) => late.addEventListener('abort', resolve))]);
    late.onabort = null;
    this.#socket.destroy();
    await this.#gone;
  }

  async #until<Found>(find: () => Found | undefined): Promise<Found> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (late.aborted || this.#socket.destroyed) throw new Error(`it did not come; closed by ${this.code}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        late.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #readHead(): void {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.#head = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 4);
    this.#readFrames();
  }

  #readFrames(): void {
    for (let frame = frameIn(this.#rest); frame !== undefined; frame = frameIn(this.#rest)) {
      this.#rest = this.#rest.subarray(frame.end);
      this.#take(frame);
    }
  }

  #take({ first, isMasked, isShortest, payload }: WireRead): void {
    const opcode = first & 15;
    if (this.code !== undefined) this.faults.push(`sent opcode ${opcode} behind its close`);
    if ((first & 0xf0) !== 0x80) this.faults.push(`sent a first byte of ${first}`);
    if (isMasked || !isShortest) this.faults.push('sent a mask, or a length in too many bytes');
    if (opcode === OPCODES.binary) this.messages.push(Buffer.from(payload));
    else if (opcode === OPCODES.close) {
      this.code = payload.length === 0 ? NO_CODE : payload.readUInt16BE();
      if (this.isPolite) this.#socket.end();
    } else if (opcode !== OPCODES.ping && opcode !== OPCODES.pong) this.faults.push(`sent opcode ${opcode}`);
  }
}

interface WireRead {
  readonly first: number;
  readonly isMasked: boolean;
  readonly isShortest: boolean;
  readonly payload: Buffer;
  readonly end: number;
}

/** The frame at the beginning of some bytes, when it is whole. */
function frameIn(bytes: Buffer): WireRead | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 127;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = start === 2 ? short : start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  const isShortest = start === 2 || length > (start === 4 ? 125 : 65_535);
  const end = start + length;
  return { first, isMasked: second > 127, isShortest, payload: bytes.subarray(start, end), end };
}
