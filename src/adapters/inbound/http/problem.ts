import { PortError, type PortErrorKind } from '../../../application/ports/port-error.ts';
import { DomainError, type DomainErrorCode } from '../../../domain/domain-error.ts';

/** An error as a caller reads it: `application/problem+json` (RFC 9457) and the members that older clients know. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** The same sentence as `detail`. */
  readonly message: string;
  readonly requestId: string;
  readonly errors?: ReadonlyArray<{ path: string; message: string }>;
}

/** Status of each refusal of the domain. */
export const STATUS_OF = {
  'account.disabled': 403,
  'account.last_admin': 409,
  'account.not_verified': 403,
  'account.password_change_required': 403,
  'account.password_lapsed': 403,
  'account.taken': 409,
  'api_key.limit_reached': 429,
  'api_key.not_found': 404,
  'chat.limit_reached': 429,
  'chat.not_found': 404,
  'connection.limit_reached': 429,
  'connection.not_found': 404,
  'connection.throttled': 429,
  'credential.expired': 401,
  'credential.invalid': 401,
  'credential.missing': 401,
  'credential.reused': 401,
  'credit.account_busy': 429,
  'credit.insufficient': 402,
  'credit.out_of_range': 400,
  'event.not_found': 404,
  'login.not_found': 404,
  'login.throttled': 429,
  'model.failed': 502,
  'model.not_found': 404,
  'model.price_unknown': 503,
  'model.too_slow': 504,
  'permission.denied': 403,
  'request.invalid': 400,
  'reservation.changed': 422,
  'reservation.closed': 409,
  'reservation.expired_id': 422,
  'reservation.not_found': 404,
  'reservation.voided': 422,
  'review.already_resolved': 409,
  'review.not_found': 404,
  'stream.already_active': 409,
  'stream.id_mismatch': 400,
  'stream.idempotency_mismatch': 422,
  'stream.illegal_transition': 409,
  'stream.interrupted': 503,
  'stream.limit_reached': 429,
  'stream.not_running': 404,
  'stream.offset_lost': 410,
  'stream.receipt_conflict': 422,
  'stream.text_mismatch': 422,
  'subscriber.limit_reached': 429,
  'subscriber.not_found': 404,
  'subscriber.owned_by_other': 403,
  'ticket.limit_reached': 429,
  'usage.changed': 422,
  'user.not_found': 404,
} satisfies Record<DomainErrorCode, number>;

const PORT_PROBLEM = {
  unavailable: { status: 503, detail: 'A service that this request needs is out of reach; nothing was done' },
  timeout: {
    status: 503,
    detail: 'A service that this request needs did not answer in time; the outcome is being resolved',
  },
  conflict: { status: 409, detail: 'Something else changed this at the same time; try again' },
} satisfies Record<PortErrorKind, { status: number; detail: string }>;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Seconds a caller waits before it tries again when nobody knows better. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** Most faults named in one answer. */
const MAX_ERRORS = 20;
/** Longest path or sentence of an answer, in UTF-16 units: both may quote what the caller sent. */
const MAX_SENTENCE_UNITS = 300;

/** A refusal of HTTP itself, before any rule of the domain was asked. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A problem with the headers that belong to it. */
export interface ProblemReply {
  readonly problem: Problem & Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the error is the program's own mistake and belongs in the log with its stack. */
  readonly unexpected: boolean;
}

/** Turns whatever was thrown into what a caller may read; an error nobody foresaw tells nothing of itself. */
export function toProblem(error: unknown, requestId: string): ProblemReply {
  if (error instanceof DomainError) {
    const status = STATUS_OF[error.code];
    const { errors, visible, retryAfterMs } = error.details;
    return reply(
      status,
      error.code,
      error.message,
      requestId,
      { ...visible, ...(errors ? { errors: cutErrors(errors) } : {}) },
      retryAfterMs,
    );
  }
  if (error instanceof PortError) {
    const { status, detail } = PORT_PROBLEM[error.kind];
    return reply(status, `${error.dependency}.${error.kind}`, detail, requestId, {});
  }
  if (error instanceof HttpRefusal) return reply(error.status, error.code, error.message, requestId, {});
  const generic = reply(
    500,
    'server.error',
    'The server made a mistake; the request id finds it in its log',
    requestId,
    {},
  );
  return { ...generic, unexpected: true };
}

function reply(
  status: number,
  code: string,
  detail: string,
  requestId: string,
  extra: Readonly<Record<string, unknown>>,
  retryAfterMs?: number,
): ProblemReply {
  const title = TITLES[status] ?? 'Error';
  const headers: Record<string, string> = {};
  if (status === 429 || status === 503) {
    headers['Retry-After'] = String(
      Math.max(DEFAULT_RETRY_AFTER_SECONDS, Math.ceil((retryAfterMs ?? 0) / 1000)),
    );
  }
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer';
  if (code === 'stream.already_active') headers['X-Should-Retry'] = 'false';
  const said = cut(detail);
  const problem = {
    ...extra,
    type: 'about:blank',
    title,
    status,
    detail: said,
    code,
    message: said,
    requestId,
  };
  return { problem, headers, unexpected: false };
}

const cut = (text: string): string =>
  text.length <= MAX_SENTENCE_UNITS ? text : `${text.slice(0, MAX_SENTENCE_UNITS).toWellFormed()}…`;

const cutErrors = (errors: NonNullable<Problem['errors']>): Problem['errors'] =>
  errors.slice(0, MAX_ERRORS).map(({ path, message }) => ({ path: cut(path), message: cut(message) }));
