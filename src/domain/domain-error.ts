/**
 * Every refusal the domain can utter, as a closed union. An inbound adapter maps each code to its
 * own wire with `satisfies Record<DomainErrorCode, …>`, so a code that nobody mapped does not compile.
 */
export type DomainErrorCode =
  | 'account.disabled'
  | 'account.last_admin'
  | 'account.not_verified'
  | 'account.password_change_required'
  | 'account.password_lapsed'
  | 'account.taken'
  | 'api_key.limit_reached'
  | 'api_key.not_found'
  | 'chat.limit_reached'
  | 'chat.not_found'
  | 'connection.limit_reached'
  | 'connection.not_found'
  | 'connection.throttled'
  | 'credential.expired'
  | 'credential.invalid'
  | 'credential.missing'
  | 'credential.reused'
  | 'credit.account_busy'
  | 'credit.insufficient'
  | 'credit.out_of_range'
  | 'event.not_found'
  | 'login.not_found'
  | 'login.throttled'
  | 'model.failed'
  | 'model.not_found'
  | 'model.price_unknown'
  | 'model.too_slow'
  | 'permission.denied'
  | 'request.invalid'
  | 'reservation.changed'
  | 'reservation.closed'
  | 'reservation.expired_id'
  | 'reservation.not_found'
  | 'reservation.voided'
  | 'review.already_resolved'
  | 'review.not_found'
  | 'stream.already_active'
  | 'stream.id_mismatch'
  | 'stream.idempotency_mismatch'
  | 'stream.illegal_transition'
  | 'stream.interrupted'
  | 'stream.limit_reached'
  | 'stream.not_running'
  | 'stream.offset_lost'
  | 'stream.receipt_conflict'
  | 'stream.text_mismatch'
  | 'subscriber.limit_reached'
  | 'subscriber.not_found'
  | 'subscriber.owned_by_other'
  | 'ticket.limit_reached'
  | 'usage.changed'
  | 'user.not_found';

/** What else a refusal says; inbound adapters decide what of it a caller may read. */
export interface DomainErrorDetails {
  /** One entry per faulty field, with its path from the root of the input, such as `messages.0.text`. */
  readonly errors?: ReadonlyArray<{ readonly path: string; readonly message: string }>;
  /** Time after which the same request may succeed, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Facts for log and audit only; they never reach a caller. */
  readonly internal?: Readonly<Record<string, string | number | boolean>>;
  /** Facts that the caller may read, beside the fixed members of the error body. */
  readonly visible?: Readonly<Record<string, unknown>>;
}

/** A rule of the domain refused what was asked. The message is a sentence for the caller. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: DomainErrorCode;
  readonly details: DomainErrorDetails;

  constructor(code: DomainErrorCode, message: string, details: DomainErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
