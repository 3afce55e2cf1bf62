import { PortError } from '../../../../application/ports/port-error.ts';
import { DomainError, type DomainErrorCode } from '../../../../domain/domain-error.ts';
import type { ErrorCode } from './codes.ts';
import type { ErrorPayload } from './server-payloads.ts';

/** After how long a client may try again what a store out of reach refused, in milliseconds. */
export const UNAVAILABLE_RETRY_MS = 1_000;

/** What was asked over a multiplexed connection is refused, with the code that the client reads. */
export class MuxRefusal extends Error {
  override readonly name = 'MuxRefusal';
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const CODES: Readonly<Partial<Record<DomainErrorCode, ErrorCode>>> = {
  'account.disabled': 'auth.invalid',
  'account.password_change_required': 'session.forbidden',
  'account.password_lapsed': 'auth.invalid',
  'credential.expired': 'auth.expired',
  'credential.invalid': 'auth.invalid',
  'credential.missing': 'auth.invalid',
  'credential.reused': 'auth.invalid',
  'permission.denied': 'session.forbidden',
  'subscriber.limit_reached': 'limit.sessions',
  'subscriber.owned_by_other': 'session.owned_by_other',
};

/** What a client reads of an error; undefined of one that nobody foresaw, which is our own mistake. */
export function toErrorPayload(error: unknown): ErrorPayload | undefined {
  if (error instanceof MuxRefusal) {
    const { code, message, retryAfterMs } = error;
    return { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (error instanceof DomainError) {
    return { code: CODES[error.code] ?? 'params.invalid', message: error.message };
  }
  if (error instanceof PortError) return UNAVAILABLE;
  return undefined;
}

/** What a client reads when something that is needed is out of reach. */
export const UNAVAILABLE: ErrorPayload = {
  code: 'unavailable',
  message: 'Something that this needs is out of reach',
  retryAfterMs: UNAVAILABLE_RETRY_MS,
};
