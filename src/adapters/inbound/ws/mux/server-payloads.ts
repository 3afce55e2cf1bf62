import { MAX_REASON_BYTES } from './client-payloads.ts';
import type { CloseCode, ErrorCode } from './codes.ts';

/** What OPENED says of a session. */
export interface OpenedPayload {
  readonly ref: string;
  /** 16 digits of hexadecimal. */
  readonly handle: string;
  readonly sessionId: string;
  readonly kind: string;
  /** Whether everything after the client's offset follows. */
  readonly recovered: boolean;
  /** The last offset before the first EVENT that follows: the client's own, or that of the oldest that is kept less one. */
  readonly offset: number;
  readonly epoch: number;
  readonly resumeToken: string;
  readonly window: number;
  readonly limits: {
    readonly ratePerMinute: number;
    readonly burst: number;
    readonly maxMessageBytes: number;
  };
  readonly permissions: readonly string[];
  /** When the session's credential expires, in unix milliseconds; null when it does not. */
  readonly expiresAt: number | null;
}

/** What ERROR says. */
export interface ErrorPayload {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly ref?: string;
}

/** The JSON of each frame that the server alone sends, and of CLOSE. */
export interface ServerPayloads {
  readonly OPENED: OpenedPayload;
  readonly CLOSE: { readonly code: CloseCode; readonly reason: string };
  readonly ERROR: ErrorPayload;
  readonly AUTHED: Pick<OpenedPayload, 'permissions' | 'expiresAt'>;
  readonly GOAWAY: { readonly reconnectAfterMs: number; readonly reason: string };
}

/** The payload of a frame of JSON, as bytes. A reason that is too long is cut at the end of a character. */
export function jsonPayload<Name extends keyof ServerPayloads>(
  _name: Name,
  payload: ServerPayloads[Name],
): Buffer {
  const fitting = 'reason' in payload ? { ...payload, reason: fittingReason(payload.reason) } : payload;
  return Buffer.from(JSON.stringify(fitting));
}

/** The text of a close, cut to the bytes that it may have. */
export function fittingReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= MAX_REASON_BYTES) return reason;
  let end = MAX_REASON_BYTES;
  // The bytes that go on with a character begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
