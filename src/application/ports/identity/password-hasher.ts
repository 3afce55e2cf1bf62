/**
 * Hashes passwords at the configured cost, off the event loop, on a bounded queue.
 *
 * @throws PortError `unavailable` from either method when the queue is full.
 */
export interface PasswordHasher {
  /** The encoded hash of a password, with its parameters and salt. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password belongs to the hash. `undefined` as hash costs the same as a real one and is
   * always false, so that an unknown user cannot be told by time.
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether the hash was made at another cost than today's. */
  needsRehash(hash: string): boolean;
}
