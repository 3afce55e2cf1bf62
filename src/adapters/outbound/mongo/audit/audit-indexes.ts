import type { IndexSpec } from '../index-spec.ts';
import { AUDIT_ANCHORS, AUDIT_LOG, AUDIT_PENDING } from './audit-documents.ts';

/** Indexes of the audit log. The unique ones are what keeps a record single, and a chain from being continued twice. */
export const AUDIT_INDEXES: readonly IndexSpec[] = [
  { collection: AUDIT_LOG, name: 'record-once', key: { 'entries.id': 1 }, options: { unique: true } },
  { collection: AUDIT_LOG, name: 'chain-once', key: { chain: 1, seq: 1 }, options: { unique: true } },
  {
    collection: AUDIT_LOG,
    name: 'begins',
    key: { seq: 1, _id: -1 },
    options: { partialFilterExpression: { seq: 1 } },
  },
  { collection: AUDIT_PENDING, name: 'oldest', key: { atMs: 1, _id: 1 } },
];

/** Collections that are found by `_id` alone. */
export const UNINDEXED_AUDIT: readonly string[] = [AUDIT_ANCHORS];
