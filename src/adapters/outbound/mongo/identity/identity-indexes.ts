import type { IndexSpec } from '../index-spec.ts';
import {
  API_KEYS,
  ARBITERS,
  LOGIN_SESSIONS,
  REFRESH_TOKENS,
  REVOCATION_HEADS,
  REVOCATIONS,
  SIGNING_KEYS,
  TICKETS,
  USER_NAMES,
  USERS,
} from './identity-documents.ts';

/** The collections that need no index but the one of their keys. */
export const UNINDEXED_IDENTITY = [USER_NAMES, SIGNING_KEYS, REVOCATION_HEADS, ARBITERS] as const;

/** Indexes of accounts, logins and keys. None is unique: what decides a race is a key, or a write to one document. */
export const IDENTITY_INDEXES: readonly IndexSpec[] = [
  { collection: USERS, name: 'username', key: { usernameKey: 1 } },
  { collection: USERS, name: 'email', key: { emailKey: 1 } },
  { collection: USERS, name: 'oldest', key: { createdAtMs: 1, _id: 1 } },
  {
    collection: USERS,
    name: 'admins',
    key: { role: 1 },
    options: { partialFilterExpression: { role: 'admin' } },
  },
  {
    collection: USERS,
    name: 'marked',
    key: { passwordMark: 1 },
    options: { partialFilterExpression: { passwordMark: { $exists: true } } },
  },
  {
    collection: LOGIN_SESSIONS,
    name: 'open-of-user',
    key: { userId: 1, createdAtMs: -1, _id: -1 },
    options: { partialFilterExpression: { open: true } },
  },
  {
    collection: LOGIN_SESSIONS,
    name: 'ended-by',
    key: { ending: 1 },
    options: { partialFilterExpression: { ending: { $exists: true } } },
  },
  {
    collection: LOGIN_SESSIONS,
    name: 'cookie',
    key: { cookieSha256: 1 },
    options: { partialFilterExpression: { cookieSha256: { $exists: true } } },
  },
  { collection: LOGIN_SESSIONS, name: 'expiring', key: { expiresAtMs: 1 } },
  { collection: REFRESH_TOKENS, name: 'of-session', key: { sessionId: 1 } },
  {
    collection: API_KEYS,
    name: 'open-of-owner',
    key: { owner: 1, createdAtMs: -1, _id: -1 },
    options: { partialFilterExpression: { open: true } },
  },
  {
    collection: API_KEYS,
    name: 'open',
    key: { createdAtMs: -1, _id: -1 },
    options: { partialFilterExpression: { open: true } },
  },
  {
    collection: API_KEYS,
    name: 'ending',
    key: { endsAtMs: 1 },
    options: { partialFilterExpression: { endsAtMs: { $exists: true } } },
  },
  {
    collection: API_KEYS,
    name: 'ended-by',
    key: { ending: 1 },
    options: { partialFilterExpression: { ending: { $exists: true } } },
  },
  { collection: TICKETS, name: 'of-user', key: { userId: 1 } },
  { collection: TICKETS, name: 'expiring', key: { expiresAtMs: 1 } },
  { collection: REVOCATIONS, name: 'time', key: { atMs: 1, _id: 1 } },
];
