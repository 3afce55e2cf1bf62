import { hash, timingSafeEqual } from 'node:crypto';
import type { Digest } from '../../../application/ports/digest.ts';

/** Digests by the platform's crypto library. */
export class NodeDigest implements Digest {
  sha256Hex(text: string): string {
    return hash('sha256', text, 'hex');
  }

  matches(text: string, sha256Hex: string): boolean {
    const expected = Buffer.from(sha256Hex, 'hex');
    const found = hash('sha256', text, 'buffer');
    return expected.length === found.length && timingSafeEqual(found, expected);
  }
}
