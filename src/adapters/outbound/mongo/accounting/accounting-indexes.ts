import type { IndexSpec } from '../index-spec.ts';
import { ACCOUNTS, GRANTS, JOURNAL, RESERVATIONS, USAGE } from './ledger-documents.ts';

/** Indexes of the ledger. What decides a race is either `_id` or marked `unique`. */
export const ACCOUNTING_INDEXES: readonly IndexSpec[] = [
  {
    collection: ACCOUNTS,
    name: 'pending',
    key: { pending: 1, _id: 1 },
    options: { partialFilterExpression: { pending: true } },
  },
  { collection: ACCOUNTS, name: 'due', key: { nextDueAtMs: 1 } },
  { collection: ACCOUNTS, name: 'lapsing', key: { nextLapseAtMs: 1 } },
  { collection: RESERVATIONS, name: 'newest', key: { openedAtMs: -1, _id: -1 } },
  { collection: RESERVATIONS, name: 'newest-of-user', key: { userId: 1, openedAtMs: -1, _id: -1 } },
  {
    collection: RESERVATIONS,
    name: 'unjournaled',
    key: { unjournaled: 1 },
    options: { partialFilterExpression: { unjournaled: true } },
  },
  { collection: JOURNAL, name: 'entry-once', key: { 'entries.id': 1 }, options: { unique: true } },
  { collection: USAGE, name: 'newest', key: { atMs: -1, _id: -1 } },
  { collection: USAGE, name: 'newest-of-user', key: { userId: 1, atMs: -1, _id: -1 } },
  { collection: GRANTS, name: 'newest', key: { 'grant.grantedAtMs': -1, _id: -1 } },
  { collection: GRANTS, name: 'newest-of-user', key: { userId: 1, 'grant.grantedAtMs': -1, _id: -1 } },
];
