import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'mongodb';
import type { IndexSpec } from '../../src/adapters/outbound/mongo/index-spec.ts';
import type { PassingCommand } from './mongo-proxy.ts';

/** What a command looks for in a collection, and in which order. */
export interface Look {
  readonly collection: string;
  readonly filter: Document;
  readonly sort: Document;
  /** The field whose different values are asked for. */
  readonly distinct?: string;
}

/** What a command looks for; nothing where it looks for nothing. */
export function looksOf({ name, collection, body }: PassingCommand): Look[] {
  const look = (filter: Document = {}, sort: Document = {}): Look => ({ collection, filter, sort });
  switch (name) {
    case 'find':
      return [look(body.filter, body.sort)];
    case 'findAndModify':
      return [look(body.query, body.sort)];
    case 'update':
      return (body.updates as Document[]).map(({ q }) => look(q));
    case 'delete':
      return (body.deletes as Document[]).map(({ q }) => look(q));
    case 'distinct':
      return [{ ...look(body.query), distinct: body.key }];
    case 'aggregate': {
      const [first, second] = body.pipeline as Document[];
      return [look(first?.$match, first?.$sort ?? second?.$sort)];
    }
    default:
      return [];
  }
}

/**
 * Whether MongoDB can answer by an index, by the rules of its planner: an index is thought of when the filter says
 * something of its first field, or the sort asks for its order; a partial one only where the filter implies its own; and
 * of alternatives each needs one.
 */
export function hasIndex(look: Look, all: readonly IndexSpec[]): boolean {
  const { collection, filter } = look;
  const indexes = [{ key: { _id: 1 } as const }, ...all.filter((index) => index.collection === collection)];
  if (indexes.some((index) => serves(index, look))) return true;
  const either = termsOf(filter)
    .filter(([path]) => path === '$or')
    .flatMap(([, branches]) => [branches as Document[]]);
  return either.some((branches) =>
    branches.every((branch) => hasIndex({ collection, filter: branch, sort: {} }, all)),
  );
}

/** Whether the planner would think of an index. */
export function serves(
  { key, options = {} }: Pick<IndexSpec, 'key' | 'options'>,
  { filter, sort, distinct }: Look,
): boolean {
  const terms = termsOf(filter);
  const partial = Object.entries(options.partialFilterExpression ?? {});
  const isThere = partial.every(([path, said]) =>
    terms.some((term) => term[0] === path && implies(term[1], said)),
  );
  if (!isThere) return false;
  const [first = ''] = Object.keys(key);
  return (
    terms.some(([path, said]) => path === first && narrows(said)) || isOrder(key, sort) || distinct === first
  );
}

/** The conditions that all have to hold. */
const termsOf = (filter: Document): Array<[string, unknown]> =>
  Object.entries(filter).flatMap(
    ([path, said]): Array<[string, unknown]> =>
      path === '$and' ? (said as Document[]).flatMap(termsOf) : [[path, said]],
  );

const operatorsOf = (said: unknown): Document | undefined =>
  typeof said === 'object' && said !== null && Object.keys(said).some((name) => name.startsWith('$'))
    ? (said as Document)
    : undefined;

/** Whether a condition leaves few. */
function narrows(said: unknown): boolean {
  const operators = operatorsOf(said);
  if (operators === undefined) return true;
  return !(operators.$exists !== undefined || operators.$ne !== undefined || operators.$nin !== undefined);
}

/** Whether what holds for one condition of a field holds for another. */
function implies(said: unknown, wanted: unknown): boolean {
  if (isDeepStrictEqual(said, wanted)) return true;
  return operatorsOf(wanted)?.$exists === true && narrows(said);
}

/** Whether an index keeps the order that is asked for, forwards or backwards. */
function isOrder(key: IndexSpec['key'], sort: Document): boolean {
  const wanted = Object.entries(sort);
  const kept = Object.entries(key).slice(0, wanted.length);
  if (wanted.length === 0) return false;
  return [1, -1].some((way) =>
    isDeepStrictEqual(
      kept,
      wanted.map(([path, to]) => [path, (to as number) * way]),
    ),
  );
}
