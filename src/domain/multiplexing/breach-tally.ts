import type { AuditActor } from '../audit/audit-record.ts';

/** How long the breaches of one actor are counted together, in milliseconds. */
export const TALLY_MS = 60_000;
/** Actors that are told apart at once; whoever was first is told of early for another. */
export const MAX_TALLIED = 10_000;

/** The breaches of one actor, but for the first, which was told of when it came. */
export interface Tallied {
  readonly actor: AuditActor;
  readonly sinceMs: number;
  readonly count: number;
  /** Such as `rate.limited 17, message.too_large 2`. */
  readonly codes: string;
}

interface Tally {
  readonly sinceMs: number;
  readonly codes: Map<string, number>;
}

/**
 * Counts the breaches of each actor, so that a flood of them is two records a minute: the first, and how many followed.
 * No entity: whoever floods draws from one with each frame, so it is changed in place.
 */
export class BreachTally {
  #tallies = new Map<AuditActor, Tally>();
  #early: Tallied[] = [];

  /** Counts one. @returns whether it is the first, which is to be told of itself. `code` is of a closed set. */
  isFirst(actor: AuditActor, code: string, nowMs: number): boolean {
    const open = this.#tallies.get(actor);
    if (open !== undefined && nowMs - open.sinceMs < TALLY_MS) {
      open.codes.set(code, (open.codes.get(code) ?? 0) + 1);
      return false;
    }
    if (open !== undefined) this.#tell(actor, open);
    const [oldest] = this.#tallies;
    if (this.#tallies.size >= MAX_TALLIED && oldest !== undefined) this.#tell(...oldest);
    this.#tallies.set(actor, { sinceMs: nowMs, codes: new Map() });
    return true;
  }

  /** Those whose time is over, or all of them, with what followed the first; whoever did nothing more is left out. */
  due(nowMs: number, isLast = false): readonly Tallied[] {
    for (const [actor, tally] of this.#tallies) {
      if (!isLast && nowMs - tally.sinceMs < TALLY_MS) break;
      this.#tell(actor, tally);
    }
    const due = this.#early;
    this.#early = [];
    return due;
  }

  #tell(actor: AuditActor, { sinceMs, codes }: Tally): void {
    this.#tallies.delete(actor);
    const count = [...codes.values()].reduce((sum, times) => sum + times, 0);
    if (count === 0) return;
    const told = [...codes].map(([code, times]) => `${code} ${times}`).join(', ');
    this.#early.push({ actor, sinceMs, count, codes: told });
  }
}
