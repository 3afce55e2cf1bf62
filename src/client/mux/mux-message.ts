import type { MuxError, MuxErrorCode } from './mux-error.ts';

/** What a session gives its consumer, in the order in which it came. */
export type MuxMessage =
  /** Replayable, and given once, through any number of cuts. */
  | {
      readonly type: 'event';
      readonly offset: number;
      readonly bytes: Uint8Array;
      /** The payload as JSON. @throws SyntaxError. */
      json(): unknown;
    }
  /** Not replayed: what was on its way when a connection was cut is lost. */
  | { readonly type: 'data'; readonly bytes: Uint8Array; json(): unknown }
  /** Something that was sent has been refused; the session goes on. Refusals in a row for one reason are told once. */
  | { readonly type: 'refused'; readonly code: MuxErrorCode; readonly message: string }
  /** The server does not keep what followed `after` any more; what follows `offset` comes now. */
  | { readonly type: 'gap'; readonly after: number; readonly offset: number };

/**
 * Where a session stands: being opened, on a connection, on its way back to one, asleep until something is sent (the
 * server closed it as idle), or over.
 */
export type SessionState = 'opening' | 'open' | 'coming-back' | 'asleep' | 'over';

/** How a session ended. */
export interface SessionEnd {
  /** The code of the CLOSE, where one ended it. */
  readonly code?: number;
  readonly reason: string;
  /** Why it is over, when neither its user nor the end of what was behind it is the reason. */
  readonly error?: MuxError;
}

/** What a session has done so far, and what waits. */
export interface SessionStats {
  readonly state: SessionState;
  /** DATA that was sent, and its payload bytes. */
  readonly sent: number;
  readonly sentBytes: number;
  /** DATA and EVENTs that came, and their payload bytes. */
  readonly received: number;
  readonly receivedBytes: number;
  /** EVENTs that came again after a cut, and were not given again. */
  readonly repeated: number;
  /** Frames that the server refused. */
  readonly refused: number;
  /** How often it came back on another connection. */
  readonly resumes: number;
  /** What waits to be sent, and for the consumer: frames and bytes. */
  readonly outgoing: { readonly frames: number; readonly bytes: number; readonly window: number };
  readonly incoming: { readonly frames: number; readonly bytes: number; readonly window: number };
}

const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** An EVENT as the consumer gets it. */
export const eventMessage = (offset: number, bytes: Uint8Array): MuxMessage => ({
  type: 'event',
  offset,
  bytes,
  json: () => parsed(bytes),
});

/** DATA as the consumer gets it. */
export const dataMessage = (bytes: Uint8Array): MuxMessage => ({
  type: 'data',
  bytes,
  json: () => parsed(bytes),
});
