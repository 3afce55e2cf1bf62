import type { UsageGroup, UsageTotals } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { WriterDatabase } from '../operation.ts';
import type { Row } from './ledger-rows.ts';

/** One day, in milliseconds; unix time has no leap seconds, so that every UTC day is as long. */
const DAY_MS = 86_400_000;

/**
 * Sums usage records up in one pass: the groups by service, day and model together are few, and what is asked
 * for is folded from them.
 */
export function usageTotals(
  db: WriterDatabase,
  query: { readonly userId?: UserId; readonly sinceMs: number },
): UsageTotals {
  const owned = query.userId === undefined ? '' : 'AND user_id = ?';
  const rows = db
    .prepare(
      `SELECT service, at_ms / ${DAY_MS} AS day, model_id AS model, count(*) AS records, sum(tokens) AS tokens,
         sum(charge_micros) AS charge
       FROM usage_records WHERE at_ms >= ? ${owned} GROUP BY 1, 2, 3`,
    )
    .all(query.sinceMs, ...(query.userId === undefined ? [] : [query.userId]));
  return {
    ...sumOf(rows),
    byService: groupBy(rows, (row) => row.service as string),
    byDay: groupBy(rows, (row) => new Date((row.day as number) * DAY_MS).toISOString().slice(0, 10)),
    byModel: groupBy(
      rows.filter((row) => row.model !== null),
      (row) => row.model as string,
    ),
  };
}

function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): UsageGroup[] {
  const groups = Map.groupBy(rows, keyOf);
  return [...groups]
    .map(([key, members]) => ({ key, ...sumOf(members) }))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
}

function sumOf(rows: readonly Row[]): Omit<UsageGroup, 'key'> {
  const total = (column: string): number => rows.reduce((sum, row) => sum + (row[column] as number), 0);
  return {
    records: total('records'),
    tokens: total('tokens'),
    chargeMicros: total('charge') as CreditMicros,
  };
}
