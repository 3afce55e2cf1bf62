import type { IndexSpec } from '../index-spec.ts';
import { ATTEMPTS, LEASES, READER_MARKS } from './fleet-documents.ts';

/** How long the token of a name that is free is remembered, in seconds; a greater one follows in any case. */
const FREE_KEPT_SECONDS = 24 * 60 * 60;

/** How long what a node said of its readers is kept, in seconds; it counts for seconds. */
const MARKS_KEPT_SECONDS = 60;

/** Indexes that let the server forget; what decides a race is a condition on one document. */
export const FLEET_INDEXES: readonly IndexSpec[] = [
  {
    collection: LEASES,
    name: 'freed',
    key: { freedAt: 1 },
    options: { expireAfterSeconds: FREE_KEPT_SECONDS },
  },
  {
    collection: READER_MARKS,
    name: 'marked',
    key: { markedAt: 1 },
    options: { expireAfterSeconds: MARKS_KEPT_SECONDS },
  },
  { collection: ATTEMPTS, name: 'ended', key: { endsAt: 1 }, options: { expireAfterSeconds: 60 } },
];
