import type { JournalRow, UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { CreditAccountState } from '../../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import type { JournalEntry } from '../../../../domain/accounting/journal-entry.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';

/** A row as `node:sqlite` gives it. The schema is STRICT, so a column has the type that it declares. */
export type Row = Record<string, unknown>;

/** Everything of an account but its grants. */
export type AccountSums = Omit<CreditAccountState, 'grants'>;

export const ACCOUNT_COLUMNS =
  'user_id, available_micros, held_micros, charged_micros, expired_micros, granted_micros, adjusted_micros, estimate_scales';
export const GRANT_COLUMNS =
  'id, user_id, amount_micros, remaining_micros, granted_at_ms, expires_at_ms, source, granted_by, notes, lapsed';
export const RESERVATION_COLUMNS =
  'id, user_id, model_id, state, estimated_tokens, amount_micros, parts, price_micros_per_1000, max_output_tokens, limited_by, opened_at_ms, expires_at_ms, checkpoint_tokens, outcome, late_report';
export const USAGE_COLUMNS = 'id, user_id, service, model_id, stream_id, tokens, charge_micros, at_ms';

export const sumsFrom = (row: Row): AccountSums => ({
  userId: row.user_id as UserId,
  availableMicros: row.available_micros as CreditMicros,
  heldMicros: row.held_micros as CreditMicros,
  chargedMicros: row.charged_micros as CreditMicros,
  expiredMicros: row.expired_micros as CreditMicros,
  grantedMicros: row.granted_micros as CreditMicros,
  adjustedMicros: row.adjusted_micros as number,
});

export const grantFrom = (row: Row): CreditGrant => ({
  id: row.id as string,
  amountMicros: row.amount_micros as CreditMicros,
  remainingMicros: row.remaining_micros as CreditMicros,
  grantedAtMs: row.granted_at_ms as number,
  expiresAtMs: row.expires_at_ms as number,
  source: row.source as CreditGrant['source'],
  grantedBy: row.granted_by as string,
  ...(row.notes === null ? {} : { notes: row.notes as string }),
  ...(row.lapsed === 0 ? {} : { lapsed: true as const }),
});

export const reservationFrom = (row: Row): CreditReservationState => ({
  id: row.id as string,
  userId: row.user_id as UserId,
  modelId: row.model_id as string,
  state: row.state as CreditReservationState['state'],
  estimatedTokens: row.estimated_tokens as number,
  amountMicros: row.amount_micros as CreditMicros,
  parts: JSON.parse(row.parts as string),
  priceMicrosPer1000: row.price_micros_per_1000 as CreditMicros,
  maxOutputTokens: row.max_output_tokens as number,
  limitedBy: row.limited_by as CreditReservationState['limitedBy'],
  openedAtMs: row.opened_at_ms as number,
  expiresAtMs: row.expires_at_ms as number,
  checkpointTokens: row.checkpoint_tokens as number,
  ...(row.outcome === null ? {} : { outcome: JSON.parse(row.outcome as string) }),
  ...(row.late_report === null ? {} : { lateReport: JSON.parse(row.late_report as string) }),
});

export const usageFrom = (row: Row): UsageRecord => ({
  id: row.id as string,
  userId: row.user_id as UserId,
  service: row.service as string,
  ...(row.model_id === null ? {} : { modelId: row.model_id as string }),
  ...(row.stream_id === null ? {} : { streamId: row.stream_id as string }),
  tokens: row.tokens as number,
  chargeMicros: row.charge_micros as CreditMicros,
  atMs: row.at_ms as number,
});

export const journalRowFrom = (row: Row): JournalRow => ({
  cursor: row.cursor as number,
  entry: JSON.parse(row.entry as string) as JournalEntry,
});
