import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../domain/identity/user.ts';

/** What the exchange of a refresh token did. `reused` has already ended the whole family. */
export type RotationOutcome =
  | { readonly kind: 'rotated'; readonly session: LoginSession }
  | { readonly kind: 'reused'; readonly session: LoginSession }
  | { readonly kind: 'unknown' };

/**
 * Keeps login sessions and the hashes of their refresh tokens; never a token itself. The records of `audit` are stored
 * with what they tell of. Where only the store knows whose session it was, a record without actor gets its user, and
 * one without object gets the session.
 */
export interface LoginSessionRepository {
  /** Stores a session with its first refresh token's hash. Durable when it resolves. */
  begin(session: LoginSession, refreshSha256: string, audit?: readonly AuditRecord[]): Promise<void>;
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
   * Ends all sessions of a user but one; returns the ended ones. Idempotent. `audit` is stored with the fact `ended`, how
   * many there were, also when there was none.
   */
  endAllOf(
    userId: UserId,
    nowMs: number,
    except?: LoginSessionId,
    audit?: readonly AuditRecord[],
  ): Promise<readonly LoginSessionId[]>;
  /** Whether the session exists, has not ended and is within its absolute time. Fast: every request asks. */
  isLive(id: LoginSessionId, nowMs: number): Promise<boolean>;
  /** A user's live sessions, newest first. */
  listLive(userId: UserId, nowMs: number): Promise<readonly LoginSession[]>;
}
