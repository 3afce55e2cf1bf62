/** The only source of randomness, from the operating system's generator. */
export interface IdSource {
  /** A UUID v4 in lower case. */
  uuid(): string;
  /** A secret of `bits` random bits, base64url without padding. `bits` is a multiple of 8. */
  secret(bits: number): string;
  /** A number from 0 (included) to 1 (excluded), for jitter only. */
  fraction(): number;
}
