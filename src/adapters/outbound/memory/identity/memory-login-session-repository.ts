import type {
  LoginSessionRepository,
  RotationOutcome,
} from '../../../../application/ports/identity/login-session-repository.ts';
import { type AuditRecord, withFacts } from '../../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../../domain/identity/user.ts';
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
  }

  async rotate(
    spentSha256: string,
    nextSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<RotationOutcome> {
    const token = this.#tokens.get(spentSha256);
    const session = token && this.#sessions.get(token.sessionId);
    if (token === undefined || session === undefined || !lives(session, nowMs)) return { kind: 'unknown' };
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

  async endAllOf(
    userId: UserId,
    nowMs: number,
    except?: LoginSessionId,
    audit?: readonly AuditRecord[],
  ): Promise<readonly LoginSessionId[]> {
    const ended = [...this.#sessions.values()].filter(
      (session) => session.userId === userId && session.id !== except && session.endedAtMs === undefined,
    );
    for (const session of ended) this.#end(session, nowMs);
    this.#audit.add(audit?.map((record) => withFacts(record, { ended: ended.length })));
    return ended.map((session) => session.id);
  }

  async isLive(id: LoginSessionId, nowMs: number): Promise<boolean> {
    const session = this.#sessions.get(id);
    return session !== undefined && lives(session, nowMs);
  }

  async listLive(userId: UserId, nowMs: number): Promise<readonly LoginSession[]> {
    return [...this.#sessions.values()]
      .filter((session) => session.userId === userId && lives(session, nowMs))
      .sort((left, right) => right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1));
  }

  #end(session: LoginSession, nowMs: number, audit?: readonly AuditRecord[]): LoginSession {
    if (session.endedAtMs !== undefined) return session;
    if (lives(session, nowMs)) {
      this.#audit.add(audit?.map((record) => ({ actor: session.userId, object: session.id, ...record })));
    }
    const ended = { ...session, endedAtMs: nowMs };
    this.#sessions.set(session.id, ended);
    this.#revocations.append({ loginSessionId: session.id }, nowMs);
    return ended;
  }

  #forgetExpired(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.expiresAtMs <= nowMs) this.#sessions.delete(session.id);
    }
    for (const [hash, token] of this.#tokens) {
      if (!this.#sessions.has(token.sessionId)) this.#tokens.delete(hash);
    }
  }
}

const lives = (session: LoginSession, nowMs: number): boolean =>
  session.endedAtMs === undefined && nowMs < session.expiresAtMs;
