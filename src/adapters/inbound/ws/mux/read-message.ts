import {
  FRAME_NAMES,
  FRAMES,
  type Frame,
  type FrameName,
  type FrameSender,
  HEADER_BYTES,
  LENGTH_BYTES,
} from './frame.ts';

/** Who sent a message, and whether the subprotocol has BATCH. */
export interface MessageRules {
  readonly from: Exclude<FrameSender, 'both'>;
  readonly batch: boolean;
}

/** Of what clients send, by whether it may be in BATCHes; the same for all connections. */
export const OF_CLIENT = {
  single: { from: 'client', batch: false },
  batched: { from: 'client', batch: true },
} as const satisfies Readonly<Record<string, MessageRules>>;

/** Gets the frames of messages. @returns whether the next one of the message is to follow. */
export interface FrameTaker {
  deliver(frame: Frame): boolean;
}

/** The close code of a message that breaks the form of frames. */
export const PROTOCOL_ERROR = 1002;

/**
 * Reads a binary message of the socket. Nothing is delivered before the whole message has been found to be of the right
 * form; then the taker gets its frames one after another, without a list of them being made, until `deliver` returns false.
 *
 * @returns 1002 when the message is not of the form: shorter than a frame, of a type that there is not or that the sender
 *   may not send, a handle where its type has none or none where it has one, a BATCH that is empty, nested, or whose
 *   lengths do not come out even. Never throws, whatever the bytes.
 */
export function readMessage(
  message: Buffer,
  rules: MessageRules,
  taker: FrameTaker,
): typeof PROTOCOL_ERROR | undefined {
  const name = nameOf(message, 0, message.length, rules);
  if (name === undefined) return PROTOCOL_ERROR;
  if (name !== 'BATCH') {
    taker.deliver(frameAt(message, 0, message.length, name));
    return undefined;
  }
  if (!rules.batch || !isBatch(message, rules)) return PROTOCOL_ERROR;
  for (let at = HEADER_BYTES; at < message.length; ) {
    const start = at + LENGTH_BYTES;
    const end = start + message.readUInt32BE(at);
    const inner = FRAME_NAMES.get(message[start + HEADER_BYTES - 1] ?? 0) as FrameName;
    if (!taker.deliver(frameAt(message, start, end, inner))) return undefined;
    at = end;
  }
  return undefined;
}

/** Whether the frames of a BATCH fill it exactly, and each is one that may stand there. */
function isBatch(message: Buffer, rules: MessageRules): boolean {
  // An empty one would be a frame that no limit counts.
  if (message.length === HEADER_BYTES) return false;
  let at = HEADER_BYTES;
  while (at < message.length) {
    if (at + LENGTH_BYTES > message.length) return false;
    const start = at + LENGTH_BYTES;
    const end = start + message.readUInt32BE(at);
    if (end > message.length) return false;
    const name = nameOf(message, start, end, rules);
    if (name === undefined || name === 'BATCH') return false;
    at = end;
  }
  return true;
}

/** The name of the frame between two places, if it has the form of one that may come from there. */
function nameOf(message: Buffer, start: number, end: number, { from }: MessageRules): FrameName | undefined {
  if (end - start < HEADER_BYTES) return undefined;
  const name = FRAME_NAMES.get(message[start + HEADER_BYTES - 1] ?? 0);
  if (name === undefined) return undefined;
  const { sender, room } = FRAMES[name];
  if (sender !== 'both' && sender !== from) return undefined;
  if (room === 'either') return name;
  const isConnection = message.readInt32BE(start) === 0 && message.readInt32BE(start + 4) === 0;
  return isConnection === (room === 'connection') ? name : undefined;
}

const frameAt = (message: Buffer, start: number, end: number, name: FrameName): Frame => ({
  high: message.readInt32BE(start),
  low: message.readInt32BE(start + 4),
  name,
  payload: message.subarray(start + HEADER_BYTES, end),
});
