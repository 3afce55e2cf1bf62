import type { IndexSpec } from '../index-spec.ts';
import { AGENT_EVENTS, MCP_INVENTORIES, POLICY_BOOKS } from './control-documents.ts';

const ofDue = { partialFilterExpression: { delivery: 'due' } };
const ofOpen = { partialFilterExpression: { isOpen: true } };
const ofReviewed = { partialFilterExpression: { 'review.id': { $exists: true } } };
const ofPending = { partialFilterExpression: { 'review.status': 'pending' } };

/** Collections that have no index of their own. */
export const UNINDEXED_CONTROL: readonly string[] = [POLICY_BOOKS];

/** Indexes of the control plane. What decides a race is the key of an event, and a condition on its one document. */
export const CONTROL_INDEXES: readonly IndexSpec[] = [
  { collection: AGENT_EVENTS, name: 'order', key: { id: 1 } },
  { collection: AGENT_EVENTS, name: 'named', key: { 'claims.eventId': 1, owner: 1, id: 1 } },
  { collection: AGENT_EVENTS, name: 'of-owner', key: { owner: 1, id: 1 } },
  { collection: AGENT_EVENTS, name: 'of-session', key: { sessionId: 1, id: 1 } },
  { collection: AGENT_EVENTS, name: 'of-agent', key: { 'claims.agentId': 1, id: 1 } },
  { collection: AGENT_EVENTS, name: 'marks', key: { mark: 1 }, options: ofDue },
  { collection: AGENT_EVENTS, name: 'due', key: { owner: 1, sessionId: 1, id: 1 }, options: ofDue },
  { collection: AGENT_EVENTS, name: 'due-since', key: { dueSinceMs: 1 }, options: ofDue },
  { collection: AGENT_EVENTS, name: 'unanswered', key: { 'origin.connection': 1, id: 1 }, options: ofOpen },
  { collection: AGENT_EVENTS, name: 'reviews', key: { 'review.id': 1 }, options: ofReviewed },
  { collection: AGENT_EVENTS, name: 'asked', key: { id: -1 }, options: ofReviewed },
  { collection: AGENT_EVENTS, name: 'by-review', key: { 'review.status': 1, id: 1 }, options: ofReviewed },
  {
    collection: AGENT_EVENTS,
    name: 'deadlines',
    key: { 'review.deadlineAtMs': 1, id: 1 },
    options: ofPending,
  },
  { collection: AGENT_EVENTS, name: 'asking', key: { owner: 1 }, options: ofPending },
  { collection: MCP_INVENTORIES, name: 'seen', key: { lastSeenAtMs: 1 } },
];
