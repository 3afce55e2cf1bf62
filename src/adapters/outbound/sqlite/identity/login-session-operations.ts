import type {
  ReplacedCookie,
  RotationOutcome,
} from '../../../../application/ports/identity/login-session-repository.ts';
import type { SessionsChange } from '../../../../application/ports/identity/user-repository.ts';
import { type AuditRecord, withFacts } from '../../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import {
  endedAt,
  isLiveAt,
  isUseDue,
  type LoginSession,
  MAX_LIVE_LOGINS,
  renewedLogin,
  usedAt,
} from '../../../../domain/identity/login-session.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { SESSION_COLUMNS, sessionFrom } from './identity-rows.ts';

/** Most sessions past their absolute time that one login forgets. */
const MAX_FORGOTTEN_AT_ONCE = 16;

/** Nobody asked for it: the limit did it. */
const SURPLUS_ENDED: AuditRecord = {
  act: 'login.ended',
  outcome: 'done',
  actor: 'system',
  facts: { reason: 'too many' },
};

/** The records of what an operation does; they are stored with it. */
export interface Audited {
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface BeginInput extends Audited {
  readonly session: LoginSession;
  readonly refreshSha256: string;
}
export interface BeginCookieInput extends Audited {
  readonly session: LoginSession;
  readonly cookieSha256: string;
  readonly replaced?: ReplacedCookie;
}
export interface TouchInput {
  readonly id: LoginSessionId;
  readonly nowMs: number;
  readonly idleMs: number;
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
export interface EndOneInput extends Audited {
  readonly userId: UserId;
  readonly id: LoginSessionId;
  readonly nowMs: number;
}
export interface EndAllInput extends Audited {
  readonly userId: UserId;
  readonly nowMs: number;
  readonly except?: LoginSessionId;
}

/** The writes of login sessions, by name. Every end goes through `endOne` or `endAllOf`. */
export const LOGIN_SESSION_OPERATIONS = {
  'identity.begin-session': beginSession,
  'identity.begin-cookie': beginCookie,
  'identity.touch-session': touchSession,
  'identity.rotate': rotate,
  'identity.end-by-token': endByToken,
  'identity.end-session': endSession,
  'identity.end-one-of': endOneOf,
  'identity.end-all-of': endAllOf,
};

function beginSession(db: Transaction, { session, refreshSha256, audit }: BeginInput): void {
  forgetExpired(db, session.createdAtMs);
  insertSession(db, session, null);
  addToken(db, refreshSha256, session.id);
  db.audit(audit);
  endSurplus(db, session);
}

function beginCookie(
  db: Transaction,
  { session, cookieSha256, replaced, audit }: BeginCookieInput,
): LoginSession | undefined {
  forgetExpired(db, session.createdAtMs);
  insertSession(db, session, cookieSha256);
  db.audit(audit);
  endSurplus(db, session);
  if (replaced === undefined) return undefined;
  const row = db
    .prepare(`SELECT ${SESSION_COLUMNS} FROM login_sessions WHERE cookie_sha256 = ?`)
    .get(replaced.cookieSha256);
  const before = row && sessionFrom(row);
  if (before === undefined || !isLiveAt(before, session.createdAtMs)) return undefined;
  return endOne(db, before, { nowMs: session.createdAtMs, audit: replaced.audit });
}

function insertSession(db: WriterDatabase, session: LoginSession, cookieSha256: string | null): void {
  db.prepare(
    `INSERT INTO login_sessions (${SESSION_COLUMNS}, cookie_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    session.id,
    session.userId,
    session.kind,
    session.createdAtMs,
    session.lastUsedAtMs,
    session.expiresAtMs,
    session.idleEndsAtMs ?? null,
    session.endedAtMs ?? null,
    session.userAgent ?? null,
    session.address ?? null,
    cookieSha256,
  );
}

/** Ends what is beyond the number of logins that a user may have, the oldest first. */
function endSurplus(db: Transaction, { userId, createdAtMs: nowMs }: LoginSession): void {
  const surplus = db
    .prepare(
      `SELECT ${SESSION_COLUMNS} FROM login_sessions WHERE user_id = ? AND ended_at_ms IS NULL
       ORDER BY created_at_ms DESC, id DESC LIMIT ? OFFSET ?`,
    )
    .all(userId, MAX_FORGOTTEN_AT_ONCE, MAX_LIVE_LOGINS);
  for (const row of surplus) endOne(db, sessionFrom(row), { nowMs, audit: [SURPLUS_ENDED] });
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

function findSession(db: WriterDatabase, id: LoginSessionId): LoginSession | undefined {
  const row = db.prepare(`SELECT ${SESSION_COLUMNS} FROM login_sessions WHERE id = ?`).get(id);
  return row && sessionFrom(row);
}

function touchSession(db: WriterDatabase, { id, nowMs, idleMs }: TouchInput): boolean {
  const session = findSession(db, id);
  if (session === undefined || !isLiveAt(session, nowMs)) return false;
  if (!isUseDue(session, nowMs, idleMs)) return true;
  const { lastUsedAtMs, idleEndsAtMs } = usedAt(session, nowMs, idleMs);
  db.prepare('UPDATE login_sessions SET last_used_at_ms = ?, idle_ends_at_ms = ? WHERE id = ?').run(
    lastUsedAtMs,
    idleEndsAtMs ?? null,
    id,
  );
  return true;
}

function rotate(db: Transaction, { spentSha256, nextSha256, nowMs, audit }: RotateInput): RotationOutcome {
  const found = findByToken(db, spentSha256);
  if (found === undefined || !isLiveAt(found.session, nowMs)) return { kind: 'unknown' };
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

function endOneOf(db: Transaction, { userId, id, nowMs, audit }: EndOneInput): boolean {
  const session = findSession(db, id);
  if (session === undefined || session.userId !== userId || !isLiveAt(session, nowMs)) return false;
  endOne(db, session, { nowMs, audit });
  return true;
}

function endOne(
  db: Transaction,
  session: LoginSession,
  { nowMs, audit }: Omit<EndInput, 'id'>,
): LoginSession {
  if (session.endedAtMs !== undefined) return session;
  db.prepare('UPDATE login_sessions SET ended_at_ms = ? WHERE id = ?').run(nowMs, session.id);
  if (isLiveAt(session, nowMs)) {
    db.audit(audit?.map((record) => ({ actor: session.userId, object: session.id, ...record })));
  }
  return endedAt(session, nowMs);
}

function endSession(db: Transaction, { id, nowMs, audit }: EndInput): void {
  const session = findSession(db, id);
  if (session !== undefined) endOne(db, session, { nowMs, audit });
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

/** What a change of a user does to his sessions; false, and nothing done, when the one it replaces is not live. */
export function changeSessions(
  db: Transaction,
  userId: UserId,
  { endSessionsAtMs: nowMs, keepSession, replaceSession }: SessionsChange,
): boolean {
  const replaced = replaceSession && findSession(db, replaceSession.id);
  if (replaceSession !== undefined && (replaced === undefined || !isLiveAt(replaced, nowMs))) return false;
  endAllOf(db, { userId, nowMs, ...(keepSession === undefined ? {} : { except: keepSession }) });
  if (replaceSession !== undefined && replaced !== undefined) {
    insertSession(db, renewedLogin(replaced, replaceSession.by, nowMs), replaceSession.cookieSha256);
  }
  return true;
}
