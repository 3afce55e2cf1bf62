import type { LoginSessionId, UserId } from '../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../domain/identity/user.ts';

/** What the exchange of a refresh token did. `reused` has already ended the whole family. */
export type RotationOutcome =
  | { readonly kind: 'rotated'; readonly session: LoginSession }
  | { readonly kind: 'reused'; readonly session: LoginSession }
  | { readonly kind: 'unknown' };

/** Keeps login sessions and the hashes of their refresh tokens; never a token itself. */
export interface LoginSessionRepository {
  /** Stores a session with its first refresh token's hash. Durable when it resolves. */
  begin(session: LoginSession, refreshSha256: string): Promise<void>;
  /**
   * Exchanges a refresh token for its successor in one atomic write. Exactly one of two racing callers with
   * the same token rotates; for the other, as for every later use of a spent token, the family ends (`reused`).
   * A token of an ended or expired session is `unknown`.
   */
  rotate(spentSha256: string, nextSha256: string, nowMs: number): Promise<RotationOutcome>;
  /** Ends the session of a refresh token, spent or not. Idempotent; undefined when the hash is unknown. */
  endByToken(refreshSha256: string, nowMs: number): Promise<LoginSession | undefined>;
  /** Ends one session. Idempotent. */
  end(id: LoginSessionId, nowMs: number): Promise<void>;
  /** Ends all sessions of a user but one; returns the ended ones. Idempotent. */
  endAllOf(userId: UserId, nowMs: number, except?: LoginSessionId): Promise<readonly LoginSessionId[]>;
  /** Whether the session exists, has not ended and is within its absolute time. Fast: every request asks. */
  isLive(id: LoginSessionId, nowMs: number): Promise<boolean>;
  /** A user's live sessions, newest first. */
  listLive(userId: UserId, nowMs: number): Promise<readonly LoginSession[]>;
}
