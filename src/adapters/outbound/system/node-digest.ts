import { hash } from 'node:crypto';
import type { Digest } from '../../../application/ports/digest.ts';

/** Digests by the platform's crypto library. */
export class NodeDigest implements Digest {
  sha256Hex(text: string): string {
    return hash('sha256', text, 'hex');
  }
}
