import type {
  LoginSessionRepository,
  ReplacedCookie,
  RotationOutcome,
} from '../../../../application/ports/identity/login-session-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../../domain/identity/login-session.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { SESSION_COLUMNS, sessionFrom } from './identity-rows.ts';
import type {
  BeginCookieInput,
  BeginInput,
  EndAllInput,
  EndByTokenInput,
  EndInput,
  EndOneInput,
  RotateInput,
  TouchInput,
} from './login-session-operations.ts';

/** What `isLiveAt` says, in SQL; it is given the time twice. */
const IS_LIVE =
  'ended_at_ms IS NULL AND expires_at_ms > ? AND (idle_ends_at_ms IS NULL OR idle_ends_at_ms > ?)';

/** Login sessions in the embedded store. Those past their absolute time are forgotten by later logins. */
export class SqliteLoginSessionRepository implements LoginSessionRepository {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  begin(session: LoginSession, refreshSha256: string, audit?: readonly AuditRecord[]): Promise<void> {
    const input: BeginInput = { session, refreshSha256, audit };
    return this.#store.write('identity.begin-session', input, 'full');
  }

  beginCookie(
    session: LoginSession,
    cookieSha256: string,
    replaced?: ReplacedCookie,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined> {
    const input: BeginCookieInput = {
      session,
      cookieSha256,
      ...(replaced === undefined ? {} : { replaced }),
      audit,
    };
    return this.#store.write('identity.begin-cookie', input, 'full');
  }

  findByCookie(cookieSha256: string): Promise<LoginSession | undefined> {
    return this.#store.read((db) => {
      const sql = `SELECT ${SESSION_COLUMNS} FROM login_sessions WHERE cookie_sha256 = ?`;
      const row = db.prepare(sql).get(cookieSha256);
      return row && sessionFrom(row);
    });
  }

  touch(id: LoginSessionId, use: { readonly nowMs: number; readonly idleMs: number }): Promise<boolean> {
    const input: TouchInput = { id, ...use };
    return this.#store.write('identity.touch-session', input, 'normal');
  }

  rotate(
    spentSha256: string,
    nextSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<RotationOutcome> {
    const input: RotateInput = { spentSha256, nextSha256, nowMs, audit };
    return this.#store.write('identity.rotate', input, 'full');
  }

  endByToken(
    refreshSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined> {
    const input: EndByTokenInput = { refreshSha256, nowMs, audit };
    return this.#store.write('identity.end-by-token', input, 'full');
  }

  end(id: LoginSessionId, nowMs: number, audit?: readonly AuditRecord[]): Promise<void> {
    const input: EndInput = { id, nowMs, audit };
    return this.#store.write('identity.end-session', input, 'full');
  }

  endOneOf(
    userId: UserId,
    id: LoginSessionId,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<boolean> {
    const input: EndOneInput = { userId, id, nowMs, audit };
    return this.#store.write('identity.end-one-of', input, 'full');
  }

  endAllOf(
    userId: UserId,
    nowMs: number,
    except?: LoginSessionId,
    audit?: readonly AuditRecord[],
  ): Promise<readonly LoginSessionId[]> {
    const input: EndAllInput = { userId, nowMs, ...(except === undefined ? {} : { except }), audit };
    return this.#store.write('identity.end-all-of', input, 'full');
  }

  isLive(id: LoginSessionId, nowMs: number): Promise<boolean> {
    return this.#store.read((db) => {
      const sql = `SELECT 1 FROM login_sessions WHERE id = ? AND ${IS_LIVE}`;
      return db.prepare(sql).get(id, nowMs, nowMs) !== undefined;
    });
  }

  listLive(userId: UserId, nowMs: number, limit: number): Promise<readonly LoginSession[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT ${SESSION_COLUMNS} FROM login_sessions
           WHERE user_id = ? AND ${IS_LIVE} ORDER BY created_at_ms DESC, id DESC LIMIT ?`,
        )
        .all(userId, nowMs, nowMs, limit)
        .map(sessionFrom),
    );
  }
}
