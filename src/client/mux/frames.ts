/** The types of frames, by their numbers on the wire. */
export const FRAME = {
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
} as const;

/** The number of a type of frame. */
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

/** The handle of the connection itself. */
export const CONNECTION = 0n;

const HEADER_BYTES = 9;
const LENGTH_BYTES = 4;
/** Bytes of the offset that an EVENT's payload begins with. */
export const OFFSET_BYTES = 8;
/** Longest message that a server takes, in bytes. */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** Types that a server may send, and whose handle they carry. */
const FROM_SERVER: ReadonlyMap<number, 'connection' | 'session' | 'either'> = new Map([
  [FRAME.OPENED, 'connection'],
  [FRAME.DATA, 'session'],
  [FRAME.EVENT, 'session'],
  [FRAME.CREDIT, 'session'],
  [FRAME.CLOSE, 'either'],
  [FRAME.ERROR, 'either'],
  [FRAME.PING, 'either'],
  [FRAME.PONG, 'either'],
  [FRAME.AUTHED, 'either'],
  [FRAME.GOAWAY, 'connection'],
]);

/** A frame as it came. `payload` is a view of its message. */
export interface ReceivedFrame {
  readonly handle: bigint;
  readonly type: FrameType;
  readonly payload: Uint8Array;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The frames of a server's message, in order; undefined when it is not of the form. Never throws. */
export function readFrames(message: Uint8Array): ReceivedFrame[] | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  if (message[HEADER_BYTES - 1] !== FRAME.BATCH) {
    const frame = frameOf(message);
    return frame === undefined ? undefined : [frame];
  }
  const view = viewOf(message);
  if (view.getBigUint64(0) !== CONNECTION) return undefined;
  const frames: ReceivedFrame[] = [];
  for (let at = HEADER_BYTES; at < message.length; ) {
    const start = at + LENGTH_BYTES;
    if (start > message.length) return undefined;
    const end = start + view.getUint32(at);
    if (end > message.length) return undefined;
    const frame = frameOf(message.subarray(start, end));
    if (frame === undefined) return undefined;
    frames.push(frame);
    at = end;
  }
  return frames.length === 0 ? undefined : frames;
}

function frameOf(bytes: Uint8Array): ReceivedFrame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const type = bytes[HEADER_BYTES - 1] as FrameType;
  const room = FROM_SERVER.get(type);
  if (room === undefined) return undefined;
  const handle = viewOf(bytes).getBigUint64(0);
  if (room !== 'either' && (handle === CONNECTION) !== (room === 'connection')) return undefined;
  if (type === FRAME.EVENT && bytes.length < HEADER_BYTES + OFFSET_BYTES) return undefined;
  if (type === FRAME.CREDIT && bytes.length !== HEADER_BYTES + 4) return undefined;
  return { handle, type, payload: bytes.subarray(HEADER_BYTES) };
}

/** A frame to be sent. */
export function frame(handle: bigint, type: FrameType, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  viewOf(bytes).setBigUint64(0, handle);
  bytes[HEADER_BYTES - 1] = type;
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** The messages that frames are sent in: each its own, or as many in a BATCH as one message may hold. */
export function messagesOf(frames: readonly Uint8Array[], batch: boolean): Uint8Array[] {
  if (!batch || frames.length === 1) return [...frames];
  const messages: Uint8Array[] = [];
  let together: Uint8Array[] = [];
  let length = HEADER_BYTES;
  for (const one of frames) {
    const more = LENGTH_BYTES + one.length;
    if (together.length > 0 && length + more > MAX_MESSAGE_BYTES) {
      messages.push(batchOf(together, length));
      together = [];
      length = HEADER_BYTES;
    }
    together.push(one);
    length += more;
  }
  messages.push(batchOf(together, length));
  return messages;
}

function batchOf(frames: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = frames;
  if (only !== undefined && frames.length === 1) return only;
  const batch = new Uint8Array(length);
  const view = viewOf(batch);
  batch[HEADER_BYTES - 1] = FRAME.BATCH;
  let at = HEADER_BYTES;
  for (const one of frames) {
    view.setUint32(at, one.length);
    batch.set(one, at + LENGTH_BYTES);
    at += LENGTH_BYTES + one.length;
  }
  return batch;
}

/** The payload of a CREDIT. */
export function creditPayload(bytes: number): Uint8Array {
  const payload = new Uint8Array(4);
  viewOf(payload).setUint32(0, bytes);
  return payload;
}

/** What a CREDIT grants, in bytes. */
export const grantedBy = (payload: Uint8Array): number => viewOf(payload).getUint32(0);

/** The offset of an EVENT. */
export const offsetOf = (payload: Uint8Array): number => Number(viewOf(payload).getBigUint64(0));

/** The JSON of a value, as UTF-8. */
export const jsonPayload = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The JSON object of a payload; an empty one when it is none. Never throws. */
export function jsonOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
