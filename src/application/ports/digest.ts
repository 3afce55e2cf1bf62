/** One-way digests; synchronous because inputs are at most a transcript (1 MiB). */
export interface Digest {
  /** SHA-256 of the text's UTF-8 form, in lower-case hexadecimal. */
  sha256Hex(text: string): string;
  /** Whether a text has this SHA-256, compared in constant time. */
  matches(text: string, sha256Hex: string): boolean;
}
