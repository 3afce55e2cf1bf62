import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UsageGroup, UsageTotals } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { WriterDatabase } from '../operation.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { Row } from './ledger-rows.ts';

/** One day, in milliseconds; unix time has no leap seconds, so that every UTC day is as long. */
const DAY_MS = 86_400_000;
/** How much of the time is summed up at once, in milliseconds; a divisor of a day. */
const SLICE_MS = 3_600_000;
/** Records that are summed up before others have their turn. */
const RECORDS_A_TURN = 2_000;
/** How many records cost as much as finding the next slice does. */
const RECORDS_A_SLICE = 20;

interface UsageQuery {
  readonly userId?: UserId;
  readonly sinceMs: number;
}

/**
 * Sums usage records up, some hours of them at a time, because there may be a year's of everybody and this thread has
 * streams to serve: the groups by service, day and model together are few, and what is asked for is folded from them.
 */
export async function usageTotals(store: SqliteStore, query: UsageQuery): Promise<UsageTotals> {
  const rows: Row[] = [];
  let ofTurn = 0;
  for (let sinceMs: number | undefined = query.sinceMs; sinceMs !== undefined; ) {
    const from: number = sinceMs;
    const slice = await store.read((db) => sliceOf(db, query.userId, from));
    rows.push(...(slice?.rows ?? []));
    sinceMs = slice?.untilMs;
    ofTurn += RECORDS_A_SLICE + sumOf(slice?.rows ?? []).records;
    if (ofTurn < RECORDS_A_TURN) continue;
    ofTurn = 0;
    await nextTurn();
  }
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

/** The groups of the first hour with usage from a time on, and where it ends; undefined when there is no more. */
function sliceOf(
  db: WriterDatabase,
  userId: UserId | undefined,
  sinceMs: number,
): { readonly rows: readonly Row[]; readonly untilMs: number } | undefined {
  const owned = userId === undefined ? '' : 'AND user_id = ?';
  const owner = userId === undefined ? [] : [userId];
  const first = db
    .prepare(`SELECT min(at_ms) AS at_ms FROM usage_records WHERE at_ms >= ? ${owned}`)
    .get(sinceMs, ...owner)?.at_ms as number | null;
  if (first === null) return undefined;
  const untilMs = (Math.floor(first / SLICE_MS) + 1) * SLICE_MS;
  const rows = db
    .prepare(
      `SELECT service, at_ms / ${DAY_MS} AS day, model_id AS model, count(*) AS records, sum(tokens) AS tokens,
         sum(charge_micros) AS charge
       FROM usage_records WHERE at_ms >= ? AND at_ms < ? ${owned} GROUP BY 1, 2, 3`,
    )
    .all(first, untilMs, ...owner);
  return { rows, untilMs };
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
