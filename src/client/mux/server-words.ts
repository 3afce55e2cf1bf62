import type { MuxErrorCode } from './mux-error.ts';

/** What OPENED says, as far as the client goes by it. */
export interface Opened {
  readonly handle: bigint;
  readonly sessionId: string;
  readonly kind: string;
  readonly recovered: boolean;
  readonly offset: number;
  readonly epoch: number;
  readonly resumeToken: string;
  /** What the server lets the client send first, in bytes. */
  readonly window: number;
  readonly ratePerMinute: number;
  readonly burst: number;
  readonly maxMessageBytes: number;
  readonly permissions: readonly string[];
  /** When the session's credential expires, in unix milliseconds; null when it does not. */
  readonly expiresAt: number | null;
}

/** What ERROR says. */
export interface ServerError {
  readonly code: MuxErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
}

type Json = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Reads an OPENED; undefined when something is missing that the client cannot do without. */
export function readOpened(json: Json): Opened | undefined {
  const limits = (json.limits ?? {}) as Json;
  const [window, offset, epoch] = [numberOf(json.window), numberOf(json.offset), numberOf(json.epoch)];
  const handle = textOf(json.handle);
  const sessionId = textOf(json.sessionId);
  const resumeToken = textOf(json.resumeToken);
  if (!/^[0-9a-f]{16}$/.test(handle) || sessionId === '' || resumeToken === '') return undefined;
  if (window === undefined || offset === undefined || epoch === undefined) return undefined;
  return {
    handle: BigInt(`0x${handle}`),
    sessionId,
    kind: textOf(json.kind),
    recovered: json.recovered !== false,
    offset,
    epoch,
    resumeToken,
    window,
    ratePerMinute: numberOf(limits.ratePerMinute) ?? Number.POSITIVE_INFINITY,
    burst: numberOf(limits.burst) ?? Number.POSITIVE_INFINITY,
    maxMessageBytes: numberOf(limits.maxMessageBytes) ?? Number.POSITIVE_INFINITY,
    permissions: Array.isArray(json.permissions) ? json.permissions.map(textOf) : [],
    expiresAt: numberOf(json.expiresAt) ?? null,
  };
}

/** Reads an ERROR. */
export function readError(json: Json): ServerError {
  const retryAfterMs = numberOf(json.retryAfterMs);
  return {
    code: textOf(json.code) as MuxErrorCode,
    message: textOf(json.message),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Reads a CLOSE. */
export const readClose = (json: Json): { readonly code: number; readonly reason: string } => ({
  code: numberOf(json.code) ?? 1011,
  reason: textOf(json.reason),
});

/** When a renewed authority expires, as AUTHED says it; null when it does not. */
export const readAuthed = (json: Json): number | null => numberOf(json.expiresAt) ?? null;

/** After how long a client is to come back, as GOAWAY says it, in milliseconds. */
export const readGoAway = (json: Json): number => Math.max(0, numberOf(json.reconnectAfterMs) ?? 0);
