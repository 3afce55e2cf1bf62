import type { Lease, Leases } from '../../../../application/ports/fleet/leases.ts';
import { PortError } from '../../../../application/ports/port-error.ts';

/**
 * Leases of a place that may be lost, and of another while it is away. While some nodes reach the first and others do
 * not, two may hold one name: only for what does no harm when it is done twice.
 */
export class FallingBackLeases implements Leases {
  readonly #first: Leases;
  readonly #second: Leases;
  /** Who has asked for which name in the second place. */
  readonly #elsewhere = new Set<string>();

  constructor(first: Leases, second: Leases) {
    this.#first = first;
    this.#second = second;
  }

  hold(name: string, holder: string, lifeMs: number): Promise<Lease | 'taken'> {
    return this.#either(
      (first) => first.hold(name, holder, lifeMs),
      (second) => {
        this.#elsewhere.add(`${name} ${holder}`);
        return second.hold(name, holder, lifeMs);
      },
    );
  }

  /** Frees it in both places. */
  async release(name: string, holder: string): Promise<void> {
    const isElsewhere = this.#elsewhere.delete(`${name} ${holder}`);
    await this.#either(
      (first) => first.release(name, holder),
      // It ends there by itself.
      async () => undefined,
    );
    if (isElsewhere) await this.#second.release(name, holder);
  }

  list(prefix: string): Promise<readonly Lease[]> {
    return this.#either(
      (first) => first.list(prefix),
      (second) => second.list(prefix),
    );
  }

  async #either<Out>(
    first: (leases: Leases) => Promise<Out>,
    second: (leases: Leases) => Promise<Out>,
  ): Promise<Out> {
    try {
      return await first(this.#first);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      return second(this.#second);
    }
  }
}
