import type { UserId } from '../../../domain/identity/ids.ts';

/** What auth asks of chat when an account is closed. */
export interface UserStreams {
  /**
   * Stops a user's opening and running streams and settles them to what they produced. To be called once his logins
   * have ended, so that no new start is let in. Resolves when they have ended, or after a bounded wait when the store
   * keeps one from being sealed: that one stops at once as well and is sealed behind the caller's back. Never rejects,
   * because the account is closed already. Idempotent.
   */
  stopAll(userId: UserId): Promise<void>;
}
