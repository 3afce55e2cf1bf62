import type { Duplex } from 'node:stream';
import type { BufferPool, PooledBuffer } from './buffer-pool.ts';
import {
  CONNECTION,
  type FrameName,
  type Handle,
  HEADER_BYTES,
  LENGTH_BYTES,
  MAX_SOCKET_MESSAGE_BYTES,
  OFFSET_BYTES,
} from './frame.ts';
import { writeHeader } from './write-frame.ts';

/** A whole binary message of the WebSocket (RFC 6455, 5.2): FIN and the opcode. */
const BINARY = 0x82;
/** Bytes of a message's head by its length: up to 125, up to 16 bits, and more. */
const SHORT_HEAD = 2;
const MEDIUM_HEAD = 4;
const LONG_HEAD = 10;
const MAX_SHORT = 125;
const MAX_MEDIUM = 65_535;

interface Gathered {
  readonly handle: Handle;
  readonly name: FrameName;
  /** An EVENT's offset; 0 for none. */
  readonly offset: number;
  readonly payload: Uint8Array;
  /** The frame's length in bytes. */
  readonly length: number;
}

/**
 * Gathers the frames of a turn and writes them to the socket at once: each a message of its own, or all in BATCHes where
 * the subprotocol has them. It writes the server's own messages beside the `ws` library, which writes pings and closes:
 * both write whole messages, and nothing is compressed, so that they never mix.
 */
export class FrameWriter {
  readonly #pool: BufferPool;
  readonly #batch: boolean;
  #frames: Gathered[] = [];
  #bytes = 0;

  constructor(pool: BufferPool, batch: boolean) {
    this.#pool = pool;
    this.#batch = batch;
  }

  /** What has been gathered, in bytes of messages, each frame in one of its own. */
  get bytes(): number {
    return this.#bytes;
  }

  add(handle: Handle, name: FrameName, payload: Uint8Array, offset = 0): void {
    const length = HEADER_BYTES + (name === 'EVENT' ? OFFSET_BYTES : 0) + payload.length;
    this.#frames.push({ handle, name, offset, payload, length });
    this.#bytes += headLength(length) + length;
  }

  /** Writes what has been gathered. */
  flush(socket: Duplex): void {
    if (this.#frames.length === 0) return;
    const { bytes, release } = this.#batch ? this.#batches() : this.#singles();
    this.#frames = [];
    this.#bytes = 0;
    socket.write(bytes, release);
  }

  #singles(): PooledBuffer {
    const pooled = this.#pool.take(this.#bytes);
    let at = 0;
    for (const frame of this.#frames) {
      at = writeGathered(pooled.bytes, writeHead(pooled.bytes, at, frame.length), frame);
    }
    return pooled;
  }

  #batches(): PooledBuffer {
    const messages = batched(this.#frames);
    let size = 0;
    for (const frames of messages) size += headLength(lengthOf(frames)) + lengthOf(frames);
    const pooled = this.#pool.take(size);
    let at = 0;
    for (const frames of messages) at = writeMessage(pooled.bytes, at, frames);
    return pooled;
  }
}

/** The frames in messages that are not too long for one. A frame that is alone needs no BATCH around it. */
function batched(frames: readonly Gathered[]): Gathered[][] {
  const messages: Gathered[][] = [];
  let last: Gathered[] = [];
  let length = HEADER_BYTES;
  for (const frame of frames) {
    const more = LENGTH_BYTES + frame.length;
    if (last.length > 0 && length + more > MAX_SOCKET_MESSAGE_BYTES) {
      messages.push(last);
      last = [];
      length = HEADER_BYTES;
    }
    last.push(frame);
    length += more;
  }
  return [...messages, last];
}

function lengthOf(frames: readonly Gathered[]): number {
  if (frames.length === 1) return frames[0]?.length ?? 0;
  let length = HEADER_BYTES;
  for (const frame of frames) length += LENGTH_BYTES + frame.length;
  return length;
}

const headLength = (length: number): number => {
  if (length <= MAX_SHORT) return SHORT_HEAD;
  return length <= MAX_MEDIUM ? MEDIUM_HEAD : LONG_HEAD;
};

function writeMessage(target: Buffer, start: number, frames: readonly Gathered[]): number {
  let at = writeHead(target, start, lengthOf(frames));
  const [only, ...more] = frames;
  if (only !== undefined && more.length === 0) return writeGathered(target, at, only);
  at = writeHeader(target, at, CONNECTION, 'BATCH');
  for (const frame of frames) {
    at = target.writeUInt32BE(frame.length, at);
    at = writeGathered(target, at, frame);
  }
  return at;
}

function writeHead(target: Buffer, start: number, length: number): number {
  const at = target.writeUInt8(BINARY, start);
  if (length <= MAX_SHORT) return target.writeUInt8(length, at);
  if (length <= MAX_MEDIUM) return target.writeUInt16BE(length, target.writeUInt8(MAX_SHORT + 1, at));
  return target.writeBigUInt64BE(BigInt(length), target.writeUInt8(MAX_SHORT + 2, at));
}

function writeGathered(target: Buffer, start: number, { handle, name, offset, payload }: Gathered): number {
  let at = writeHeader(target, start, handle, name);
  if (name === 'EVENT') at = target.writeBigUInt64BE(BigInt(offset), at);
  target.set(payload, at);
  return at + payload.length;
}
