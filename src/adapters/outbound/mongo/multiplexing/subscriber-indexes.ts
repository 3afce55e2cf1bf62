import type { IndexSpec } from '../index-spec.ts';
import { SUBSCRIBERS } from './subscriber-documents.ts';

/** Indexes of subscriptions. What decides a race is the id, and a condition on its one document. */
export const SUBSCRIBER_INDEXES: readonly IndexSpec[] = [
  { collection: SUBSCRIBERS, name: 'of-owner', key: { owner: 1, realm: 1, detachedAtMs: 1, _id: 1 } },
  { collection: SUBSCRIBERS, name: 'holders', key: { 'holders.node': 1 } },
  {
    collection: SUBSCRIBERS,
    name: 'leases',
    key: { leaseEndsAtMs: 1 },
    options: { partialFilterExpression: { leaseEndsAtMs: { $exists: true } } },
  },
];
