import type { UserStreams } from '../ports/identity/user-streams.ts';

/**
 * A user's streams as auth sees them when chat runs apart, or not at all, and auth cannot reach it: they go on to their
 * own end or deadline, paid for by what was held for them. No new one starts once his access token has expired, at most
 * 15 minutes later.
 */
export class StreamsElsewhere implements UserStreams {
  async stopAll(): Promise<void> {
    // There is nobody to tell.
  }
}
