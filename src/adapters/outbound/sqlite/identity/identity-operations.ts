import type { RotationOutcome } from '../../../../application/ports/identity/login-session-repository.ts';
import type { SigningKey } from '../../../../application/ports/identity/signing-key-repository.ts';
import { type AuditRecord, withFacts } from '../../../../domain/audit/audit-record.ts';
import {
  changeUser,
  isEnabledAdmin,
  isOutdated,
  type UserChange,
} from '../../../../domain/identity/change-user.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { LoginSession, User } from '../../../../domain/identity/user.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { revokeKeysOf } from './api-key-operations.ts';
import { SESSION_COLUMNS, sessionFrom, signingKeyFrom, USER_COLUMNS, userFrom } from './identity-rows.ts';

/** Most sessions past their absolute time that one login forgets. */
const MAX_FORGOTTEN_AT_ONCE = 16;

/** The records of what an operation does; they are stored with it. */
interface Audited {
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface AddUserInput extends Audited {
  readonly user: User;
}
export interface ChangeInput extends Audited {
  readonly id: UserId;
  readonly change: UserChange;
  readonly sessions?: { readonly endSessionsAtMs: number; readonly keepSession?: LoginSessionId };
}
export interface BeginInput extends Audited {
  readonly session: LoginSession;
  readonly refreshSha256: string;
}
export interface RotateInput extends Audited {
  readonly spentSha256: string;
  readonly nextSha256: string;
  readonly nowMs: number;
}
export interface EndByTokenInput extends Audited {
  readonly refreshSha256: string;
  readonly nowMs: number;
}
export interface EndInput extends Audited {
  readonly id: LoginSessionId;
  readonly nowMs: number;
}
export interface EndAllInput extends Audited {
  readonly userId: UserId;
  readonly nowMs: number;
  readonly except?: LoginSessionId;
}

/** The writes of accounts, login sessions and signing keys, by name. */
export const IDENTITY_OPERATIONS = {
  'identity.add-user': addUser,
  'identity.change-user': applyChange,
  'identity.begin-session': beginSession,
  'identity.rotate': rotate,
  'identity.end-by-token': endByToken,
  'identity.end-session': endSession,
  'identity.end-all-of': endAllOf,
  'identity.add-first-key': addFirstKey,
};

function addUser(db: Transaction, { user, audit }: AddUserInput): 'added' | 'taken' {
  const { changes } = db
    .prepare(
      `INSERT INTO users (${USER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .run(...valuesOf(user));
  if (changes === 0) return 'taken';
  db.audit(audit);
  return 'added';
}

function applyChange(
  db: Transaction,
  { id, change, sessions, audit }: ChangeInput,
): 'changed' | 'not-found' | 'last-admin' | 'outdated' {
  const row = db.prepare(`SELECT ${USER_COLUMNS} FROM users WHERE id = ?`).get(id);
  const user = row && userFrom(row);
  if (user === undefined || user.deletedAtMs !== undefined) return 'not-found';
  if (isOutdated(user, change)) return 'outdated';
  const changed = changeUser(user, change);
  if (isEnabledAdmin(user) && !isEnabledAdmin(changed) && !hasOtherAdmin(db, id)) return 'last-admin';
  const [, ...values] = valuesOf(changed);
  db.prepare(
    `UPDATE users SET username = ?, username_key = ?, email = ?, email_key = ?, password_hash = ?,
       password_mark = ?, role = ?, is_verified = ?, disabled_at_ms = ?, deleted_at_ms = ?, created_at_ms = ?
     WHERE id = ?`,
  ).run(...values, id);
  if (changed.disabledAtMs !== undefined) {
    revokeKeysOf(db, { userId: id, nowMs: changed.disabledAtMs });
  }
  if (sessions !== undefined) {
    const { endSessionsAtMs: nowMs, keepSession } = sessions;
    endAllOf(db, { userId: id, nowMs, ...(keepSession === undefined ? {} : { except: keepSession }) });
    const closed = changed.disabledAtMs === undefined ? 0 : 1;
    db.prepare("INSERT INTO revocations (kind, id, closed, at_ms) VALUES ('user', ?, ?, ?)").run(
      id,
      closed,
      nowMs,
    );
  }
  db.audit(audit);
  return 'changed';
}

function hasOtherAdmin(db: WriterDatabase, id: UserId): boolean {
  const other = db
    .prepare(
      `SELECT 1 FROM users WHERE role = 'admin' AND disabled_at_ms IS NULL AND deleted_at_ms IS NULL
         AND id <> ? LIMIT 1`,
    )
    .get(id);
  return other !== undefined;
}

function valuesOf(user: User): Array<string | number | null> {
  return [
    user.id,
    user.username,
    user.usernameKey,
    user.email,
    user.emailKey,
    user.passwordHash,
    user.passwordMark ?? null,
    user.role,
    user.isVerified ? 1 : 0,
    user.disabledAtMs ?? null,
    user.deletedAtMs ?? null,
    user.createdAtMs,
  ];
}

function beginSession(db: Transaction, { session, refreshSha256, audit }: BeginInput): void {
  forgetExpired(db, session.createdAtMs);
  db.prepare(`INSERT INTO login_sessions (${SESSION_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`).run(
    session.id,
    session.userId,
    session.createdAtMs,
    session.lastUsedAtMs,
    session.expiresAtMs,
    session.endedAtMs ?? null,
    session.userAgent ?? null,
    session.address ?? null,
  );
  addToken(db, refreshSha256, session.id);
  db.audit(audit);
}

/** A session past its absolute time answers everything as an unknown one does, so it need not be kept. */
function forgetExpired(db: WriterDatabase, nowMs: number): void {
  const expired = db
    .prepare('SELECT id FROM login_sessions WHERE expires_at_ms <= ? LIMIT ?')
    .all(nowMs, MAX_FORGOTTEN_AT_ONCE);
  for (const { id } of expired) {
    db.prepare('DELETE FROM refresh_tokens WHERE session_id = ?').run(id as string);
    db.prepare('DELETE FROM login_sessions WHERE id = ?').run(id as string);
  }
}

function addToken(db: WriterDatabase, sha256: string, sessionId: LoginSessionId): void {
  db.prepare('INSERT INTO refresh_tokens (sha256, session_id) VALUES (?, ?)').run(sha256, sessionId);
}

function rotate(db: Transaction, { spentSha256, nextSha256, nowMs, audit }: RotateInput): RotationOutcome {
  const found = findByToken(db, spentSha256);
  if (found === undefined || found.session.endedAtMs !== undefined || nowMs >= found.session.expiresAtMs) {
    return { kind: 'unknown' };
  }
  const { session, spent } = found;
  if (spent) return { kind: 'reused', session: endOne(db, session, { nowMs, audit }) };
  db.prepare('UPDATE refresh_tokens SET spent = 1 WHERE sha256 = ?').run(spentSha256);
  addToken(db, nextSha256, session.id);
  db.prepare('UPDATE login_sessions SET last_used_at_ms = ? WHERE id = ?').run(nowMs, session.id);
  return { kind: 'rotated', session: { ...session, lastUsedAtMs: nowMs } };
}

function findByToken(
  db: WriterDatabase,
  sha256: string,
): { readonly session: LoginSession; readonly spent: boolean } | undefined {
  const row = db
    .prepare(
      `SELECT login_sessions.*, refresh_tokens.spent FROM refresh_tokens
       JOIN login_sessions ON login_sessions.id = refresh_tokens.session_id WHERE refresh_tokens.sha256 = ?`,
    )
    .get(sha256);
  return row === undefined ? undefined : { session: sessionFrom(row), spent: row.spent === 1 };
}

function endByToken(db: Transaction, input: EndByTokenInput): LoginSession | undefined {
  const found = findByToken(db, input.refreshSha256);
  return found && endOne(db, found.session, input);
}

function endOne(
  db: Transaction,
  session: LoginSession,
  { nowMs, audit }: Omit<EndInput, 'id'>,
): LoginSession {
  if (session.endedAtMs !== undefined) return session;
  endSession(db, { id: session.id, nowMs, audit });
  return { ...session, endedAtMs: nowMs };
}

function endSession(db: Transaction, { id, nowMs, audit }: EndInput): void {
  const ended = db
    .prepare(
      `UPDATE login_sessions SET ended_at_ms = ?1 WHERE id = ?2 AND ended_at_ms IS NULL
       RETURNING user_id, expires_at_ms > ?1 AS lived`,
    )
    .get(nowMs, id);
  if (ended?.lived !== 1) return;
  db.audit(audit?.map((record) => ({ actor: ended.user_id as UserId, object: id, ...record })));
}

function endAllOf(db: Transaction, { userId, nowMs, except, audit }: EndAllInput): LoginSessionId[] {
  const ended = db
    .prepare(
      `UPDATE login_sessions SET ended_at_ms = ? WHERE user_id = ? AND ended_at_ms IS NULL AND id <> ?
       RETURNING id`,
    )
    .all(nowMs, userId, except ?? '')
    .map((row) => row.id as LoginSessionId);
  db.audit(audit?.map((record) => withFacts(record, { ended: ended.length })));
  return ended;
}

function addFirstKey(db: WriterDatabase, key: SigningKey): SigningKey {
  const row = db.prepare('SELECT * FROM signing_keys ORDER BY created_at_ms DESC, kid LIMIT 1').get();
  if (row !== undefined) return signingKeyFrom(row);
  db.prepare('INSERT INTO signing_keys (kid, algorithm, private_jwk, created_at_ms) VALUES (?, ?, ?, ?)').run(
    key.kid,
    key.algorithm,
    key.privateJwk,
    key.createdAtMs,
  );
  return key;
}
