/** Bytes before a frame's payload: the session's handle and the type. */
export const HEADER_BYTES = 9;
/** Bytes of a length within a BATCH. */
export const LENGTH_BYTES = 4;
/** Bytes of an EVENT's offset, at the beginning of its payload. */
export const OFFSET_BYTES = 8;
/** Bytes of a CREDIT's payload. */
export const CREDIT_BYTES = 4;
/** Longest payload of PING and PONG, in bytes. */
export const MAX_PING_BYTES = 64;
/** Longest WebSocket message, in bytes; a longer one closes the socket. */
export const MAX_SOCKET_MESSAGE_BYTES = 1_048_576;

/** Who may send frames of a type. */
export type FrameSender = 'client' | 'server' | 'both';
/** Whose handle frames of a type carry: the connection's (0), a session's, or either. */
export type FrameRoom = 'connection' | 'session' | 'either';

interface FrameRule {
  readonly type: number;
  readonly sender: FrameSender;
  readonly room: FrameRoom;
}

/** Every type of frame: its number, who sends it, and whose handle it carries. */
export const FRAMES = {
  OPEN: { type: 0x01, sender: 'client', room: 'connection' },
  OPENED: { type: 0x02, sender: 'server', room: 'connection' },
  DATA: { type: 0x03, sender: 'both', room: 'session' },
  EVENT: { type: 0x04, sender: 'server', room: 'session' },
  CREDIT: { type: 0x05, sender: 'both', room: 'session' },
  CLOSE: { type: 0x06, sender: 'both', room: 'either' },
  ERROR: { type: 0x07, sender: 'server', room: 'either' },
  PING: { type: 0x08, sender: 'both', room: 'either' },
  PONG: { type: 0x09, sender: 'both', room: 'either' },
  AUTH: { type: 0x0a, sender: 'client', room: 'either' },
  AUTHED: { type: 0x0b, sender: 'server', room: 'either' },
  GOAWAY: { type: 0x0c, sender: 'server', room: 'connection' },
  BATCH: { type: 0x0d, sender: 'both', room: 'connection' },
} as const satisfies Readonly<Record<string, FrameRule>>;

/** The name of a type of frame. */
export type FrameName = keyof typeof FRAMES;

/** The names by their numbers. */
export const FRAME_NAMES: ReadonlyMap<number, FrameName> = new Map(
  Object.entries(FRAMES).map(([name, { type }]) => [type, name as FrameName]),
);

/**
 * A session's handle: its 64 bits as two halves, which no number of JavaScript holds in one. The halves are signed, since
 * V8 keeps these within an object, and makes a number of its own of each unsigned one. 0 and 0: the connection.
 */
export interface Handle {
  readonly high: number;
  readonly low: number;
}

/** The handle of the connection itself. */
export const CONNECTION: Handle = { high: 0, low: 0 };

/**
 * A frame as it was read. `payload` is a view of the message that it came in, and is not to be kept beyond the turn that it
 * comes in: see `ownBytes` and `ownTogether`.
 */
export interface Frame extends Handle {
  readonly name: FrameName;
  readonly payload: Buffer;
}

const hexOfHalf = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');

/** A handle as JSON shows it: 16 digits of lower-case hexadecimal. */
export const hexOf = ({ high, low }: Handle): string => `${hexOfHalf(high)}${hexOfHalf(low)}`;

/** A view that pins so many times its own bytes, or more, is copied before it is kept. */
export const MAX_PINNED_RATIO = 2;

/**
 * Bytes that may be kept, in a queue for example. A view keeps the whole memory that it looks into alive, so that a
 * client could pin 64 KiB with each byte that it lets us queue; one that looks at most of its memory is kept as it is.
 */
export function ownBytes(view: Buffer): Buffer {
  if (view.buffer.byteLength <= view.length * MAX_PINNED_RATIO) return view;
  // Not by `Buffer.from`, whose small copies share memory that each of them would pin again.
  const own = Buffer.alloc(view.length);
  view.copy(own);
  return own;
}
