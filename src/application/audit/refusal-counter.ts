import type { AuditActor, AuditRecord } from '../../domain/audit/audit-record.ts';

/** Refusals of one actor in one minute that are recorded one by one; the rest is counted. */
export const MAX_RECORDED_A_MINUTE = 10;
/** Actors of one minute that are told apart; the refusals of all others are counted as one's. */
export const MAX_ACTORS_A_MINUTE = 1_000;
/** Different acts that a counted record names. */
const MAX_ACTS = 10;
const MINUTE_MS = 60_000;

interface Counted {
  readonly actor: AuditActor | undefined;
  refusals: number;
  /** Acts that were counted only. */
  readonly acts: Set<string>;
}

const EVERYBODY_ELSE = 'everybody else';

/** Bounds what refusals can write: whoever is refused often in a minute is recorded ten times, and then counted. */
export class RefusalCounter {
  #minute = 0;
  #counted = new Map<string, Counted>();

  /** Whether this refusal is recorded itself; else it is counted. Ask for `due` first. */
  admits(record: AuditRecord): boolean {
    const entry = this.#entryOf(record.actor);
    entry.refusals += 1;
    if (entry.refusals <= MAX_RECORDED_A_MINUTE) return true;
    if (entry.acts.size < MAX_ACTS) entry.acts.add(record.act);
    return false;
  }

  /** The records of what was only counted in a minute that is over. */
  due(nowMs: number): AuditRecord[] {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute === this.#minute) return [];
    const records = this.close();
    this.#minute = minute;
    return records;
  }

  /** The records of what was only counted so far, though the minute is not over. */
  close(): AuditRecord[] {
    const over = [...this.#counted.values()].filter(({ refusals }) => refusals > MAX_RECORDED_A_MINUTE);
    this.#counted = new Map();
    return over.map(({ actor, refusals, acts }) => ({
      act: 'audit.refusals_counted',
      outcome: 'refused',
      ...(actor === undefined ? {} : { actor }),
      facts: {
        count: refusals - MAX_RECORDED_A_MINUTE,
        acts: [...acts].join(', '),
        sinceMs: this.#minute * MINUTE_MS,
      },
    }));
  }

  #entryOf(actor: AuditActor | undefined): Counted {
    const name = actor ?? 'nobody';
    const known = this.#counted.get(name);
    if (known !== undefined) return known;
    const full = this.#counted.size >= MAX_ACTORS_A_MINUTE;
    const key = full ? EVERYBODY_ELSE : name;
    const entry = this.#counted.get(key) ?? { actor: full ? undefined : actor, refusals: 0, acts: new Set() };
    this.#counted.set(key, entry);
    return entry;
  }
}
