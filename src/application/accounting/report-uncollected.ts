import { microsToCredits } from '../../domain/accounting/credits.ts';
import type { ClosedHold } from '../ports/accounting/reservation-ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';

/**
 * Raises the alert when a call cost more than could be taken: a tokenizer, a price or a clock is wrong. The
 * ledger names an amount once, so a repeat alerts nobody again.
 */
export function reportUncollected(
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  { reservation, uncollectedMicros, expiredBefore }: ClosedHold,
): void {
  if (uncollectedMicros === 0) return;
  const uncollectedCredits = microsToCredits(uncollectedMicros);
  const cause = expiredBefore ? 'late' : 'shortfall';
  metrics.count('holdfast_uncollected_credits_total', { cause }, uncollectedCredits);
  log.warn(
    {
      reservationId: reservation.id,
      userId: reservation.userId,
      modelId: reservation.modelId,
      uncollectedCredits,
      cause,
    },
    'usage could not be collected',
  );
}
