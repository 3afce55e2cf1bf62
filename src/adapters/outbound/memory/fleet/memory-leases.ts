import type { Clock } from '../../../../application/ports/clock.ts';
import type { Lease, Leases } from '../../../../application/ports/fleet/leases.ts';

interface Held {
  readonly holder: string;
  readonly token: number;
  readonly untilMs: number;
}

/** Leases of the nodes of one process; they share one of these. */
export class MemoryLeases implements Leases {
  readonly #held = new Map<string, Held>();
  readonly #clock: Clock;
  /** One count for all names, so that a name that is free again need not be remembered for its token. */
  #lastToken = 0;

  constructor(given: { readonly clock: Clock }) {
    this.#clock = given.clock;
  }

  async hold(name: string, holder: string, lifeMs: number): Promise<Lease | 'taken'> {
    const nowMs = this.#clock.nowMs();
    const held = this.#held.get(name);
    const isOwn = held?.holder === holder;
    if (held !== undefined && !isOwn && held.untilMs > nowMs) return 'taken';
    if (!isOwn) this.#lastToken += 1;
    const token = held !== undefined && isOwn ? held.token : this.#lastToken;
    this.#held.set(name, { holder, token, untilMs: nowMs + lifeMs });
    return { name, holder, token, lapsed: false };
  }

  async release(name: string, holder: string): Promise<void> {
    if (this.#held.get(name)?.holder === holder) this.#held.delete(name);
  }

  async list(prefix: string): Promise<readonly Lease[]> {
    const nowMs = this.#clock.nowMs();
    return [...this.#held]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { holder, token, untilMs }]) => ({ name, holder, token, lapsed: untilMs <= nowMs }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }
}
