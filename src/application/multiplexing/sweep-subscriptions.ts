import { changeSubscribers, type SubscriberDeps } from './subscriber-changes.ts';

/** Subscriptions that are looked at in one read or removed in one write. */
export const SWEEP_BATCH = 200;

/** Ends leases that have run out, and lets those run whose node has died. For one node at a time; harmless for several. */
export class SweepSubscriptions {
  readonly #deps: SubscriberDeps;

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
  }

  /**
   * @param command.isAlive whether the process of a node still runs; of one whose death is not certain it is to be true.
   * @returns how many leases ended, and how many subscriptions the dead have left.
   * @throws PortError of the directory.
   */
  async execute(command: {
    readonly isAlive: (node: string) => boolean;
  }): Promise<{ readonly expired: number; readonly left: number }> {
    const { directory } = this.#deps;
    let left = 0;
    for (const node of await directory.nodes()) {
      if (!command.isAlive(node)) left += await this.#leave(node);
    }
    return { expired: await this.#expire(), left };
  }

  async #leave(node: string): Promise<number> {
    const { directory } = this.#deps;
    let left = 0;
    for (;;) {
      const held = await directory.heldBy(node, SWEEP_BATCH);
      await changeSubscribers(this.#deps, held, (present, to) => present.detachNode(node, to));
      left += held.length;
      if (held.length < SWEEP_BATCH) return left;
    }
  }

  async #expire(): Promise<number> {
    const { directory, clock } = this.#deps;
    let expired = 0;
    for (;;) {
      const batch = await directory.expire(clock.nowMs(), SWEEP_BATCH);
      expired += batch;
      if (batch < SWEEP_BATCH) return expired;
    }
  }
}
