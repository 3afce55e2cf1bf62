import type { UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import {
  CreditAccount,
  type CreditAccountState,
  type Posting,
} from '../../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import { FIRST_ESTIMATE_SCALE } from '../../../../domain/accounting/estimate-scale.ts';
import type { JournalEntry } from '../../../../domain/accounting/journal-entry.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { WriterDatabase } from '../operation.ts';
import {
  ACCOUNT_COLUMNS,
  GRANT_COLUMNS,
  grantFrom,
  RESERVATION_COLUMNS,
  type Row,
  reservationFrom,
  sumsFrom,
  USAGE_COLUMNS,
  usageFrom,
} from './ledger-rows.ts';

// Each SQL text is made once: a statement is found by its text, and this is the ledger's innermost loop.
const SELECT_ACCOUNT = `SELECT ${ACCOUNT_COLUMNS} FROM accounts WHERE user_id = ?`;
const SELECT_GRANTS_WITH_CREDIT = `SELECT ${GRANT_COLUMNS} FROM grants WHERE user_id = ? AND remaining_micros > 0`;
const SELECT_GRANT = `SELECT ${GRANT_COLUMNS} FROM grants WHERE id = ?`;
const SELECT_RESERVATION = `SELECT ${RESERVATION_COLUMNS} FROM reservations WHERE id = ?`;
const UPSERT_ACCOUNT = `
  INSERT INTO accounts (${ACCOUNT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (user_id) DO UPDATE SET
    available_micros = excluded.available_micros, held_micros = excluded.held_micros,
    charged_micros = excluded.charged_micros, expired_micros = excluded.expired_micros,
    granted_micros = excluded.granted_micros, adjusted_micros = excluded.adjusted_micros,
    estimate_scales = excluded.estimate_scales`;
const INSERT_GRANT = `INSERT INTO grants (${GRANT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_RESERVATION = `
  INSERT INTO reservations (${RESERVATION_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const UPDATE_RESERVATION = `
  UPDATE reservations SET state = ?, expires_at_ms = ?, checkpoint_tokens = ?, outcome = ?, late_report = ?
  WHERE id = ?`;
const SELECT_USAGE = `SELECT ${USAGE_COLUMNS} FROM usage_records WHERE id = ?`;
const INSERT_USAGE = `
  INSERT INTO usage_records (${USAGE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

/** An account as an operation works on it, with the scales of its user's estimates by model. */
export interface LoadedAccount {
  readonly state: CreditAccountState;
  readonly scales: Readonly<Record<string, number>>;
}

/** Reads an account with the grants that have credit, and those named besides: the ones that a hold took from. */
export function loadAccount(
  db: WriterDatabase,
  userId: UserId,
  grantIds: readonly string[] = [],
): LoadedAccount {
  const row = db.prepare(SELECT_ACCOUNT).get(userId);
  if (row === undefined) return { state: CreditAccount.empty(userId).snapshot(), scales: {} };
  const rows = db.prepare(SELECT_GRANTS_WITH_CREDIT).all(userId) as Row[];
  for (const id of grantIds) {
    if (rows.some((grant) => grant.id === id)) continue;
    const grant = db.prepare(SELECT_GRANT).get(id);
    if (grant !== undefined) rows.push(grant);
  }
  return {
    state: { ...sumsFrom(row), grants: rows.map(grantFrom) },
    scales: JSON.parse(row.estimate_scales as string),
  };
}

/** The scale of a user's estimates for a model. */
export const scaleOf = (account: LoadedAccount, modelId: string): number =>
  account.scales[modelId] ?? FIRST_ESTIMATE_SCALE;

/** Reads one reservation. */
export function loadReservation(db: WriterDatabase, id: string): CreditReservationState | undefined {
  const row = db.prepare(SELECT_RESERVATION).get(id);
  return row === undefined ? undefined : reservationFrom(row);
}

/** Whether the journal has an entry of this id. */
export const isJournaled = (db: WriterDatabase, entryId: string): boolean =>
  db.prepare('SELECT 1 FROM journal WHERE id = ?').get(entryId) !== undefined;

/** Writes an account after an operation, with its changed grants and the entries that say why. */
export function storePosting(
  db: WriterDatabase,
  before: LoadedAccount,
  posting: Posting,
  scales: LoadedAccount['scales'] = before.scales,
): void {
  if (posting.entries.length === 0 && scales === before.scales) return;
  const after = posting.account.snapshot();
  storeSums(db, after, scales);
  const known = new Map(before.state.grants.map((grant) => [grant.id, grant]));
  for (const grant of after.grants) {
    const prior = known.get(grant.id);
    if (prior === undefined) insertGrant(db, after.userId, grant);
    else if (prior !== grant) updateGrant(db, grant);
  }
  for (const entry of posting.entries) storeEntry(db, entry);
}

function storeSums(db: WriterDatabase, sums: CreditAccountState, scales: LoadedAccount['scales']): void {
  db.prepare(UPSERT_ACCOUNT).run(
    sums.userId,
    sums.availableMicros,
    sums.heldMicros,
    sums.chargedMicros,
    sums.expiredMicros,
    sums.grantedMicros,
    sums.adjustedMicros,
    JSON.stringify(scales),
  );
}

function insertGrant(db: WriterDatabase, userId: UserId, grant: CreditGrant): void {
  db.prepare(INSERT_GRANT).run(
    grant.id,
    userId,
    grant.amountMicros,
    grant.remainingMicros,
    grant.grantedAtMs,
    grant.expiresAtMs,
    grant.source,
    grant.grantedBy,
    grant.notes ?? null,
    grant.lapsed ? 1 : 0,
  );
}

function updateGrant(db: WriterDatabase, grant: CreditGrant): void {
  db.prepare('UPDATE grants SET remaining_micros = ?, lapsed = ? WHERE id = ?').run(
    grant.remainingMicros,
    grant.lapsed ? 1 : 0,
    grant.id,
  );
}

/** Appends to the journal. */
export function storeEntry(db: WriterDatabase, entry: JournalEntry): void {
  db.prepare('INSERT INTO journal (id, user_id, entry) VALUES (?, ?, ?)').run(
    entry.id,
    entry.userId,
    JSON.stringify(entry),
  );
}

/** Stores a reservation that is not there yet. */
export function insertReservation(db: WriterDatabase, own: CreditReservationState): void {
  db.prepare(INSERT_RESERVATION).run(
    own.id,
    own.userId,
    own.modelId,
    own.state,
    own.estimatedTokens,
    own.amountMicros,
    JSON.stringify(own.parts),
    own.priceMicrosPer1000,
    own.maxOutputTokens,
    own.limitedBy,
    own.openedAtMs,
    own.expiresAtMs,
    own.checkpointTokens,
    own.outcome === undefined ? null : JSON.stringify(own.outcome),
    own.lateReport === undefined ? null : JSON.stringify(own.lateReport),
  );
}

/** Stores what of a reservation may change. */
export function updateReservation(db: WriterDatabase, own: CreditReservationState): void {
  db.prepare(UPDATE_RESERVATION).run(
    own.state,
    own.expiresAtMs,
    own.checkpointTokens,
    own.outcome === undefined ? null : JSON.stringify(own.outcome),
    own.lateReport === undefined ? null : JSON.stringify(own.lateReport),
    own.id,
  );
}

/** Stores a usage record, unless there is one of its id. */
export function storeUsage(db: WriterDatabase, record: UsageRecord): void {
  db.prepare(INSERT_USAGE).run(
    record.id,
    record.userId,
    record.service,
    record.modelId ?? null,
    record.streamId ?? null,
    record.tokens,
    record.chargeMicros,
    record.atMs,
  );
}

/** The usage record of an id. */
export function loadUsage(db: WriterDatabase, id: string): UsageRecord | undefined {
  const row = db.prepare(SELECT_USAGE).get(id);
  return row && usageFrom(row);
}
