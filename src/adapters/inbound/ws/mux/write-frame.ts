import { invariant } from '../../../../domain/invariant.ts';
import {
  CONNECTION,
  CREDIT_BYTES,
  FRAMES,
  type FrameName,
  type Handle,
  HEADER_BYTES,
  LENGTH_BYTES,
  OFFSET_BYTES,
} from './frame.ts';

/**
 * Writes a frame's header, behind which its payload is to be written or sent.
 *
 * @returns the place after it.
 */
export function writeHeader(target: Buffer, at: number, { high, low }: Handle, name: FrameName): number {
  target.writeInt32BE(high | 0, at);
  target.writeInt32BE(low | 0, at + 4);
  return target.writeUInt8(FRAMES[name].type, at + 8);
}

/**
 * Writes a frame whose payload consists of parts, such as an EVENT's offset and its bytes.
 *
 * @returns the place after it.
 */
export function writeFrame(
  target: Buffer,
  at: number,
  handle: Handle,
  name: FrameName,
  ...parts: readonly Uint8Array[]
): number {
  let end = writeHeader(target, at, handle, name);
  for (const part of parts) {
    target.set(part, end);
    end += part.length;
  }
  return end;
}

/** A frame in a buffer of its own. */
export function frameOf(handle: Handle, name: FrameName, ...parts: readonly Uint8Array[]): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + lengthOf(parts));
  writeFrame(frame, 0, handle, name, ...parts);
  return frame;
}

/** A BATCH of whole frames, in a buffer of its own. @throws InvariantViolation when there is none. */
export function batchOf(frames: readonly Uint8Array[]): Buffer {
  invariant(frames.length > 0, 'a batch has at least one frame');
  const batch = Buffer.alloc(HEADER_BYTES + frames.length * LENGTH_BYTES + lengthOf(frames));
  let at = writeHeader(batch, 0, CONNECTION, 'BATCH');
  for (const frame of frames) {
    at = batch.writeUInt32BE(frame.length, at);
    batch.set(frame, at);
    at += frame.length;
  }
  return batch;
}

/** The payload of a CREDIT. @throws RangeError when the bytes do not fit 32 bits. */
export function creditPayload(bytes: number): Buffer {
  const payload = Buffer.alloc(CREDIT_BYTES);
  payload.writeUInt32BE(bytes);
  return payload;
}

/** The offset that an EVENT's payload begins with. @throws InvariantViolation when it is no offset. */
export function offsetPayload(offset: number): Buffer {
  invariant(Number.isSafeInteger(offset) && offset > 0, 'not an offset', offset);
  const payload = Buffer.alloc(OFFSET_BYTES);
  payload.writeBigUInt64BE(BigInt(offset));
  return payload;
}

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);
