import type { LoginEnd } from '../../../../application/ports/identity/login-ends.ts';
import {
  REVOCATION_KEPT_MS,
  type Revocation,
  type RevocationLog,
  type RevocationRange,
} from '../../../../application/ports/identity/revocation-log.ts';

/** The ends of logins in one process's memory; the stores beside it append theirs. */
export class MemoryRevocationLog implements RevocationLog {
  #kept: Revocation[] = [];
  #head = 0;

  /** Appends an end; what is older than anybody may ask for is forgotten. */
  append(end: LoginEnd, atMs: number): void {
    const lastMs = this.#kept.at(-1)?.atMs ?? atMs;
    this.#head += 1;
    this.#kept.push({ sequence: this.#head, atMs: Math.max(lastMs, atMs), end });
    const kept = this.#kept.findIndex((entry) => entry.atMs >= atMs - REVOCATION_KEPT_MS);
    if (kept > 0) this.#kept = this.#kept.slice(kept);
  }

  async after(sequence: number, limit: number): Promise<readonly Revocation[] | 'lost'> {
    const { floor, head } = this.#range();
    if (sequence < floor || sequence > head) return 'lost';
    return this.#kept.slice(sequence - floor, sequence - floor + limit);
  }

  async range(): Promise<RevocationRange> {
    return this.#range();
  }

  #range(): RevocationRange {
    return { floor: this.#head - this.#kept.length, head: this.#head };
  }
}
