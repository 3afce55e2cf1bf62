import type { Filter, ObjectId } from 'mongodb';
import type { LoginEnd } from '../../../../application/ports/identity/login-ends.ts';
import type { SigningKey } from '../../../../application/ports/identity/signing-key-repository.ts';
import type { ApiKey } from '../../../../domain/identity/api-key.ts';
import type { ApiKeyId, LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../../domain/identity/login-session.ts';
import type { Ticket } from '../../../../domain/identity/ticket.ts';
import type { User } from '../../../../domain/identity/user.ts';

/** The names of the collections. */
export const USERS = 'users';
export const USER_NAMES = 'user_names';
export const LOGIN_SESSIONS = 'login_sessions';
export const REFRESH_TOKENS = 'refresh_tokens';
export const API_KEYS = 'api_keys';
export const TICKETS = 'tickets';
export const SIGNING_KEYS = 'signing_keys';
export const REVOCATIONS = 'revocations';
export const REVOCATION_HEADS = 'revocation_heads';
export const ARBITERS = 'identity_arbiters';

/** Most marks of writes that a document remembers: as many may be in doubt about it at once. */
export const MAX_MARKS = 16;

/** An account. */
export interface UserDocument extends Omit<User, 'id'> {
  readonly _id: UserId;
  /** The writes that were the last to change it, for one that does not know what became of it. */
  readonly marks: readonly ObjectId[];
}

/** A folded name that somebody has, `username/…` or `email/…`: a name that is given up is free once this is deleted. */
export interface UserNameDocument {
  readonly _id: string;
  readonly userId: UserId;
}

/** A login. */
export interface SessionDocument extends Omit<LoginSession, 'id'> {
  readonly _id: LoginSessionId;
  /** There until it is ended; a login whose time is over may have it still. */
  readonly open?: true;
  readonly cookieSha256?: string;
  /** The refresh token that can be exchanged: all others of the family are spent, or were never given out. */
  readonly refreshSha256?: string;
  /** The write that ended it. */
  readonly ending?: ObjectId;
}

/** A refresh token, spent or not: it leads to its family for as long as that is kept. */
export interface TokenDocument {
  readonly _id: string;
  readonly sessionId: LoginSessionId;
}

/** An API key. */
export interface ApiKeyDocument extends Omit<ApiKey, 'id'> {
  readonly _id: ApiKeyId;
  /** Among whose keys it counts. */
  readonly owner: UserId | 'agents';
  /** There until it is revoked; a key that has expired may have it still. */
  readonly open?: true;
  /** When it was revoked, else when it expires: what is forgotten a month after this. */
  readonly endsAtMs?: number;
  /** The write that revoked it. */
  readonly ending?: ObjectId;
}

/** A ticket, until it expires. */
export interface TicketDocument extends Omit<Ticket, 'sha256'> {
  readonly _id: string;
  /** Who took it. */
  readonly taken?: ObjectId;
}

/** A signing key. The first has the number 1, so that of racing first keys one is stored. */
export interface SigningKeyDocument extends SigningKey {
  readonly _id: number;
}

/** An end of a login or key, by its sequence. */
export interface RevocationDocument {
  readonly _id: number;
  readonly atMs: number;
  readonly end: LoginEnd;
}

/** How far the revocation log reaches. There is one, which every transaction that appends writes to. */
export interface RevocationHeadDocument {
  readonly _id: string;
  readonly head?: number;
  /** When the last end was, in Unix milliseconds. */
  readonly atMs?: number;
  /** The last sequence that is kept no more. It is raised before anything is deleted. */
  readonly floor?: number;
  readonly turns?: number;
}

/** What transactions that count together write to, so that of two at once one gives way. */
export interface ArbiterDocument {
  readonly _id: string;
  readonly turns: number;
  /** The writes that came last, for one that leaves nothing else and does not know what became of it. */
  readonly marks?: readonly ObjectId[];
}

/** The arbiter of all admins. */
export const ADMINS = 'admins';
/** The arbiter of all tickets. */
export const ALL_TICKETS = 'tickets';
/** The arbiter of the logins of a user. */
export const loginsOf = (userId: UserId): string => `logins/${userId}`;
/** The arbiter of the keys of an owner. */
export const keysOf = (owner: UserId | 'agents'): string => `keys/${owner}`;

/** The names that a user has to himself. */
export const namesOf = ({ usernameKey, emailKey }: User): readonly string[] => [
  `username/${usernameKey}`,
  `email/${emailKey}`,
];

export const userFrom = ({ _id: id, marks: _marks, ...user }: UserDocument): User => ({ id, ...user });

export const sessionFrom = ({
  _id: id,
  open: _open,
  cookieSha256: _cookie,
  refreshSha256: _refresh,
  ending: _ending,
  ...session
}: SessionDocument): LoginSession => ({ id, ...session });

export const sessionDocument = (
  { id, ...session }: LoginSession,
  secret: Pick<SessionDocument, 'cookieSha256' | 'refreshSha256'>,
): SessionDocument => ({ _id: id, ...session, open: true, ...secret });

export const apiKeyFrom = ({
  _id: id,
  owner: _owner,
  open: _open,
  endsAtMs: _endsAtMs,
  ending: _ending,
  ...key
}: ApiKeyDocument): ApiKey => ({ id, ...key });

export const apiKeyDocument = ({ id, ...key }: ApiKey): ApiKeyDocument => ({
  _id: id,
  ...key,
  owner: key.ownerId ?? 'agents',
  open: true,
  ...(key.expiresAtMs === undefined ? {} : { endsAtMs: key.expiresAtMs }),
});

/** The live ones among the open keys, as `isLiveKey` says. */
export const liveKeys = (nowMs: number): Filter<ApiKeyDocument> => ({
  open: true,
  $or: [{ expiresAtMs: { $exists: false } }, { expiresAtMs: { $gt: nowMs } }],
});

export const ticketFrom = ({ _id: sha256, taken: _taken, ...ticket }: TicketDocument): Ticket => ({
  sha256,
  ...ticket,
});

export const signingKeyFrom = ({ _id: _number, ...key }: SigningKeyDocument): SigningKey => key;
