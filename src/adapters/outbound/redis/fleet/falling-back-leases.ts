import type { Lease, Leases } from '../../../../application/ports/fleet/leases.ts';
import { PortError } from '../../../../application/ports/port-error.ts';

/**
 * Leases of a place that may be lost, and of another while it is away. While some nodes reach the first and others do
 * not, two may hold one name: only for what does no harm when it is done twice.
 */
export class FallingBackLeases implements Leases {
  readonly #first: Leases;
  readonly #second: Leases;

  constructor(first: Leases, second: Leases) {
    this.#first = first;
    this.#second = second;
  }

  hold(name: string, holder: string, lifeMs: number): Promise<Lease | 'taken'> {
    return this.#either((leases) => leases.hold(name, holder, lifeMs));
  }

  /** Frees it in both places. */
  async release(name: string, holder: string): Promise<void> {
    await this.#either((leases) => leases.release(name, holder));
    await this.#second.release(name, holder);
  }

  list(prefix: string): Promise<readonly Lease[]> {
    return this.#either((leases) => leases.list(prefix));
  }

  async #either<Out>(ask: (leases: Leases) => Promise<Out>): Promise<Out> {
    try {
      return await ask(this.#first);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      return ask(this.#second);
    }
  }
}
