import type { Collection } from 'mongodb';
import type { UsageGroup, UsageTotals } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { UsageDocument } from './ledger-documents.ts';

/** One day, in milliseconds; unix time has no leap seconds, so that every UTC day is as long. */
const DAY_MS = 86_400_000;

interface Sum {
  readonly records: number;
  readonly tokens: number;
  readonly charge: number;
}

interface Group extends Sum {
  readonly _id: { readonly service: string; readonly dayMs: number; readonly model?: string | null };
}

/**
 * Sums usage records up in one pass of the server: the groups by service, day and model together are few, and what is
 * asked for is folded from them.
 */
export async function usageTotals(
  records: Collection<UsageDocument>,
  query: { readonly userId?: UserId; readonly sinceMs: number },
): Promise<UsageTotals> {
  const owned = query.userId === undefined ? {} : { userId: query.userId };
  const groups = await records
    .aggregate<Group>([
      { $match: { ...owned, atMs: { $gte: query.sinceMs } } },
      {
        $group: {
          _id: {
            service: '$service',
            dayMs: { $subtract: ['$atMs', { $mod: ['$atMs', DAY_MS] }] },
            model: '$modelId',
          },
          records: { $sum: 1 },
          tokens: { $sum: '$tokens' },
          charge: { $sum: '$chargeMicros' },
        },
      },
    ])
    .toArray();
  return {
    ...sumOf(groups),
    byService: groupBy(groups, ({ _id }) => _id.service),
    byDay: groupBy(groups, ({ _id }) => new Date(_id.dayMs).toISOString().slice(0, 10)),
    byModel: groupBy(groups, ({ _id }) => _id.model ?? undefined),
  };
}

function groupBy(groups: readonly Group[], keyOf: (group: Group) => string | undefined): UsageGroup[] {
  const keyed = Map.groupBy(groups, keyOf);
  keyed.delete(undefined);
  return [...keyed]
    .map(([key = '', members]) => ({ key, ...sumOf(members) }))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
}

function sumOf(groups: readonly Sum[]): Omit<UsageGroup, 'key'> {
  const total = (pick: (group: Sum) => number): number => groups.reduce((sum, group) => sum + pick(group), 0);
  return {
    records: total((group) => group.records),
    tokens: total((group) => group.tokens),
    chargeMicros: total((group) => group.charge) as CreditMicros,
  };
}
