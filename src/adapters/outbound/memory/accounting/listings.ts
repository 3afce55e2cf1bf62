import type {
  UsageGroup,
  UsageRecord,
  UsageTotals,
} from '../../../../application/ports/accounting/reservation-ledger.ts';
import { type CreditMicros, micros, ZERO } from '../../../../domain/accounting/credits.ts';

/** Orders rows by a time, newest first, and rows of one time by their id, greatest first. */
export const newestFirst =
  <Row>(timeOf: (row: Row) => number, idOf: (row: Row) => string) =>
  (left: Row, right: Row): number =>
    timeOf(right) - timeOf(left) || (idOf(left) < idOf(right) ? 1 : -1);

/** Sums usage records up, in all and by service, day and model. */
export function totalsOf(records: readonly UsageRecord[]): UsageTotals {
  const all = groupBy(records, () => 'all')[0];
  return {
    records: all?.records ?? 0,
    tokens: all?.tokens ?? 0,
    chargeMicros: all?.chargeMicros ?? ZERO,
    byService: groupBy(records, (record) => record.service),
    byDay: groupBy(records, (record) => new Date(record.atMs).toISOString().slice(0, 10)),
    byModel: groupBy(records, (record) => record.modelId),
  };
}

function groupBy(
  records: readonly UsageRecord[],
  keyOf: (record: UsageRecord) => string | undefined,
): UsageGroup[] {
  const groups = new Map<string, { records: number; tokens: number; chargeMicros: CreditMicros }>();
  for (const record of records) {
    const key = keyOf(record);
    if (key === undefined) continue;
    const group = groups.get(key) ?? { records: 0, tokens: 0, chargeMicros: ZERO };
    group.records += 1;
    group.tokens += record.tokens;
    group.chargeMicros = micros(group.chargeMicros + record.chargeMicros);
    groups.set(key, group);
  }
  return [...groups].map(([key, group]) => ({ key, ...group })).sort((a, b) => (a.key < b.key ? -1 : 1));
}
