import type { UserStreams } from '../ports/identity/user-streams.ts';

/**
 * A user's streams as auth sees them when chat runs apart, or not at all. Chat hears of the closed account by the feed of
 * ended logins, as everybody who runs apart does, and stops and settles them itself: within a second, or as soon as it
 * hears auth again.
 */
export class StreamsElsewhere implements UserStreams {
  async stopAll(): Promise<void> {
    // The account's end is in the feed's log already.
  }
}
