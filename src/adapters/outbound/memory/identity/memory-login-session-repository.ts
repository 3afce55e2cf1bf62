import type {
  LoginSessionRepository,
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
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';
import { MemoryRevocationLog } from './memory-revocation-log.ts';

interface RefreshToken {
  readonly sessionId: LoginSessionId;
  readonly spent: boolean;
}

/** Login sessions in one process's memory. Sessions whose absolute time is over are forgotten at the next login. */
export class MemoryLoginSessionRepository implements LoginSessionRepository {
  readonly #sessions = new Map<LoginSessionId, LoginSession>();
  readonly #tokens = new Map<string, RefreshToken>();
  readonly #cookies = new Map<string, LoginSessionId>();
  readonly #revocations: MemoryRevocationLog;
  readonly #audit: MemoryAuditLog;

  constructor(revocations = new MemoryRevocationLog(), audit = new MemoryAuditLog()) {
    this.#revocations = revocations;
    this.#audit = audit;
  }

  async begin(session: LoginSession, refreshSha256: string, audit?: readonly AuditRecord[]): Promise<void> {
    this.#forgetExpired(session.createdAtMs);
    this.#sessions.set(session.id, session);
    this.#tokens.set(refreshSha256, { sessionId: session.id, spent: false });
    this.#audit.add(audit);
    this.#endSurplus(session);
  }

  async beginCookie(
    session: LoginSession,
    cookieSha256: string,
    replaced?: ReplacedCookie,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined> {
    this.#forgetExpired(session.createdAtMs);
    this.#addCookie(session, cookieSha256);
    this.#audit.add(audit);
    this.#endSurplus(session);
    const before = replaced && this.#byCookie(replaced.cookieSha256);
    if (before === undefined || !isLiveAt(before, session.createdAtMs)) return undefined;
    return this.#end(before, session.createdAtMs, replaced?.audit);
  }

  async findByCookie(cookieSha256: string): Promise<LoginSession | undefined> {
    return this.#byCookie(cookieSha256);
  }

  async touch(
    id: LoginSessionId,
    { nowMs, idleMs }: { readonly nowMs: number; readonly idleMs: number },
  ): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (session === undefined || !isLiveAt(session, nowMs)) return false;
    if (isUseDue(session, nowMs, idleMs)) this.#sessions.set(id, usedAt(session, nowMs, idleMs));
    return true;
  }

  async rotate(
    spentSha256: string,
    nextSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<RotationOutcome> {
    const token = this.#tokens.get(spentSha256);
    const session = token && this.#sessions.get(token.sessionId);
    if (token === undefined || session === undefined || !isLiveAt(session, nowMs)) return { kind: 'unknown' };
    if (token.spent) return { kind: 'reused', session: this.#end(session, nowMs, audit) };
    const rotated = { ...session, lastUsedAtMs: nowMs };
    this.#sessions.set(session.id, rotated);
    this.#tokens.set(spentSha256, { sessionId: session.id, spent: true });
    this.#tokens.set(nextSha256, { sessionId: session.id, spent: false });
    return { kind: 'rotated', session: rotated };
  }

  async endByToken(
    refreshSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined> {
    const token = this.#tokens.get(refreshSha256);
    const session = token && this.#sessions.get(token.sessionId);
    return session && this.#end(session, nowMs, audit);
  }

  async end(id: LoginSessionId, nowMs: number, audit?: readonly AuditRecord[]): Promise<void> {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#end(session, nowMs, audit);
  }

  async endOneOf(
    userId: UserId,
    id: LoginSessionId,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (session === undefined || session.userId !== userId || !isLiveAt(session, nowMs)) return false;
    this.#end(session, nowMs, audit);
    return true;
  }

  async endAllOf(
    userId: UserId,
    nowMs: number,
    except?: LoginSessionId,
    audit?: readonly AuditRecord[],
  ): Promise<readonly LoginSessionId[]> {
    return this.#endAllOf(userId, nowMs, except, audit);
  }

  /** What a change of a user does to his sessions, in one step; false when the one it replaces is not live. */
  apply(userId: UserId, { endSessionsAtMs: nowMs, keepSession, replaceSession }: SessionsChange): boolean {
    const replaced = replaceSession && this.#sessions.get(replaceSession.id);
    if (replaceSession !== undefined && (replaced === undefined || !isLiveAt(replaced, nowMs))) return false;
    this.#endAllOf(userId, nowMs, keepSession);
    if (replaceSession !== undefined && replaced !== undefined) {
      this.#addCookie(renewedLogin(replaced, replaceSession.by, nowMs), replaceSession.cookieSha256);
    }
    return true;
  }

  #endAllOf(
    userId: UserId,
    nowMs: number,
    except?: LoginSessionId,
    audit?: readonly AuditRecord[],
  ): readonly LoginSessionId[] {
    const ended = [...this.#sessions.values()].filter(
      (session) => session.userId === userId && session.id !== except && session.endedAtMs === undefined,
    );
    for (const session of ended) this.#end(session, nowMs);
    this.#audit.add(audit?.map((record) => withFacts(record, { ended: ended.length })));
    return ended.map((session) => session.id);
  }

  async isLive(id: LoginSessionId, nowMs: number): Promise<boolean> {
    const session = this.#sessions.get(id);
    return session !== undefined && isLiveAt(session, nowMs);
  }

  async listLive(userId: UserId, nowMs: number, limit: number): Promise<readonly LoginSession[]> {
    return [...this.#sessions.values()]
      .filter((session) => session.userId === userId && isLiveAt(session, nowMs))
      .sort((left, right) => right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1))
      .slice(0, limit);
  }

  #byCookie(cookieSha256: string): LoginSession | undefined {
    const id = this.#cookies.get(cookieSha256);
    return id && this.#sessions.get(id);
  }

  #addCookie(session: LoginSession, cookieSha256: string): void {
    this.#sessions.set(session.id, session);
    this.#cookies.set(cookieSha256, session.id);
  }

  #end(session: LoginSession, nowMs: number, audit?: readonly AuditRecord[]): LoginSession {
    if (session.endedAtMs !== undefined) return session;
    if (isLiveAt(session, nowMs)) {
      this.#audit.add(audit?.map((record) => ({ actor: session.userId, object: session.id, ...record })));
    }
    const ended = endedAt(session, nowMs);
    this.#sessions.set(session.id, ended);
    this.#revocations.append({ loginSessionId: session.id }, nowMs);
    return ended;
  }

  /** Ends what is beyond the number of logins that a user may have, the oldest first. */
  #endSurplus({ userId, createdAtMs }: LoginSession): void {
    const own = [...this.#sessions.values()].filter(
      (session) => session.userId === userId && session.endedAtMs === undefined,
    );
    if (own.length <= MAX_LIVE_LOGINS) return;
    own.sort((left, right) => right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1));
    const record = {
      act: 'login.ended',
      outcome: 'done',
      actor: 'system',
      facts: { reason: 'too many' },
    } as const;
    for (const session of own.slice(MAX_LIVE_LOGINS)) this.#end(session, createdAtMs, [record]);
  }

  #forgetExpired(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.expiresAtMs <= nowMs) this.#sessions.delete(session.id);
    }
    for (const [hash, token] of this.#tokens) {
      if (!this.#sessions.has(token.sessionId)) this.#tokens.delete(hash);
    }
    for (const [hash, id] of this.#cookies) {
      if (!this.#sessions.has(id)) this.#cookies.delete(hash);
    }
  }
}
