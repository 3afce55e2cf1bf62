import type {
  LoginSessionRepository,
  RotationOutcome,
} from '../../../../application/ports/identity/login-session-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../../domain/identity/user.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type {
  BeginInput,
  EndAllInput,
  EndByTokenInput,
  EndInput,
  RotateInput,
} from './identity-operations.ts';
import { SESSION_COLUMNS, sessionFrom } from './identity-rows.ts';

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
      const sql = 'SELECT 1 FROM login_sessions WHERE id = ? AND ended_at_ms IS NULL AND expires_at_ms > ?';
      return db.prepare(sql).get(id, nowMs) !== undefined;
    });
  }

  listLive(userId: UserId, nowMs: number): Promise<readonly LoginSession[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT ${SESSION_COLUMNS} FROM login_sessions
           WHERE user_id = ? AND ended_at_ms IS NULL AND expires_at_ms > ? ORDER BY created_at_ms DESC, id DESC`,
        )
        .all(userId, nowMs)
        .map(sessionFrom),
    );
  }
}
