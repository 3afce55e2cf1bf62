import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../domain/identity/login-session.ts';

/** What the exchange of a refresh token did. `reused` has already ended the whole family. */
export type RotationOutcome =
  | { readonly kind: 'rotated'; readonly session: LoginSession }
  | { readonly kind: 'reused'; readonly session: LoginSession }
  | { readonly kind: 'unknown' };

/** The session of a cookie that another replaces in its browser. `audit` is stored when that ends a live session. */
export interface ReplacedCookie {
  readonly cookieSha256: string;
  readonly audit?: readonly AuditRecord[];
}

/**
 * Keeps login sessions, the hashes of their refresh tokens and those of their cookies' secrets; never a token or secret
 * itself. A session is live as `isLiveAt` says. The records of `audit` are stored with what they tell of. Where only the
 * store knows whose session it was, a record without actor gets its user, and one without object gets the session.
 *
 * A session that begins ends the oldest beyond `MAX_LIVE_LOGINS` of its user in the same write, with a record of its own.
 */
export interface LoginSessionRepository {
  /** Stores a bearer session with its first refresh token's hash. Durable when it resolves. */
  begin(session: LoginSession, refreshSha256: string, audit?: readonly AuditRecord[]): Promise<void>;
  /**
   * Stores a cookie session with its secret's hash and ends, in the same write, the session of the cookie that the new
   * one replaces, whoever's that is; returns that one when this ended it. Durable when it resolves.
   */
  beginCookie(
    session: LoginSession,
    cookieSha256: string,
    replaced?: ReplacedCookie,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined>;
  /** The session of a cookie, whether or not it is live. Fast: every request with a cookie asks. */
  findByCookie(cookieSha256: string): Promise<LoginSession | undefined>;
  /**
   * Writes down that a cookie session was used and moves its idle end; false when it is not live, or there is no such.
   * Of a session that was written down within the interval of uses, and of a bearer session, nothing is written. After
   * an end nothing changes, however late the use arrives.
   */
  touch(id: LoginSessionId, use: { readonly nowMs: number; readonly idleMs: number }): Promise<boolean>;
  /**
   * Exchanges a refresh token for its successor in one atomic write. Exactly one of two racing callers with
   * the same token rotates; for the other, as for every later use of a spent token, the family ends (`reused`).
   * A token of an ended or expired session is `unknown`. `audit` is of the `reused`, and stored with no other outcome.
   */
  rotate(
    spentSha256: string,
    nextSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<RotationOutcome>;
  /**
   * Ends the session of a refresh token, spent or not. Idempotent; undefined when the hash is unknown. `audit` is stored
   * when a live session is ended.
   */
  endByToken(
    refreshSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined>;
  /** Ends one session. Idempotent. `audit` is stored when a live session is ended. */
  end(id: LoginSessionId, nowMs: number, audit?: readonly AuditRecord[]): Promise<void>;
  /**
   * Ends one session of a user. True for exactly one of racing callers; false, and no `audit` stored, when it is not his,
   * or not live.
   */
  endOneOf(
    userId: UserId,
    id: LoginSessionId,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<boolean>;
  /**
   * Ends all sessions of a user but one; returns the ended ones. Idempotent. `audit` is stored with the fact `ended`, how
   * many there were, also when there was none.
   */
  endAllOf(
    userId: UserId,
    nowMs: number,
    except?: LoginSessionId,
    audit?: readonly AuditRecord[],
  ): Promise<readonly LoginSessionId[]>;
  /** Whether the session exists and is live. Fast: every request asks. */
  isLive(id: LoginSessionId, nowMs: number): Promise<boolean>;
  /** A user's live sessions, newest first, at most `limit` of them. */
  listLive(userId: UserId, nowMs: number, limit: number): Promise<readonly LoginSession[]>;
}
