/**
 * What went wrong: the `code` of an ERROR of the protocol, or one of the client's own.
 *
 * - `closed`: a CLOSE after which the client does not come back by itself; `closeCode` has it
 * - `unreachable`: no connection, or no answer, in the time that was given; an OPEN that the server has put off until then
 *   has the code of that
 * - `credential.refused`: the provider has no credential that the server takes
 * - `queue.full`, `message.too_large`: more than fits was given to `send`
 * - `lost`: the connection was cut, and nobody knows whether the server acted on it
 * - `gone`: this side has closed the session or the client
 */
export type MuxErrorCode =
  | 'closed'
  | 'unreachable'
  | 'credential.refused'
  | 'queue.full'
  | 'lost'
  | 'gone'
  | 'frame.malformed'
  | 'message.too_large'
  | 'rate.limited'
  | 'limit.sessions'
  | 'session.unknown'
  | 'session.owned_by_other'
  | 'session.forbidden'
  | 'auth.invalid'
  | 'auth.other_principal'
  | 'auth.expired'
  | 'kind.unknown'
  | 'params.invalid'
  | 'op.invalid'
  | 'credit.exceeded'
  | 'unavailable';

interface More {
  readonly closeCode?: number;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Every error that the client throws or rejects with. */
export class MuxError extends Error {
  override readonly name = 'MuxError';
  readonly code: MuxErrorCode;
  /** The code of the CLOSE, or of the WebSocket's close, that it came with. */
  readonly closeCode: number | undefined;
  /** After how many milliseconds it may be tried again, where the server has said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: MuxErrorCode, message: string, more: More = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.closeCode = more.closeCode;
    this.retryAfterMs = more.retryAfterMs;
  }
}
