import { DomainError, type DomainErrorDetails } from '../../../domain/domain-error.ts';

/** A model that refused, broke off or sent what cannot be read. The facts are for log and audit only. */
export const modelFailed = (
  internal: NonNullable<DomainErrorDetails['internal']>,
  retryAfterMs?: number,
): DomainError =>
  new DomainError('model.failed', 'The model failed', {
    internal,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

/** A model that did not answer within the named limit. */
export const modelTooSlow = (limit: string): DomainError =>
  new DomainError('model.too_slow', 'The model did not answer in time', { internal: { limit } });
