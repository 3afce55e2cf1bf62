import { NODE_LEASE_PREFIX } from '../fleet/node-lease.ts';
import type { Turn } from '../fleet/turn.ts';
import type { Leases } from '../ports/fleet/leases.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';
import type { SweepSubscriptions } from './sweep-subscriptions.ts';

/** Rest between two passes, in milliseconds. */
export const SWEEP_EVERY_MS = 60_000;
/** How long the turn to sweep is one node's without a pass of it, in milliseconds. */
export const SWEEP_TURN_MS = 3 * SWEEP_EVERY_MS;

interface Deps {
  readonly sweep: SweepSubscriptions;
  readonly leases: Leases;
  readonly turn: Turn;
  readonly timers: Timers;
  readonly log: Log;
}

/** Ends leases of subscriptions in the background, in turn with the other nodes. */
export class KeepSubscriptions {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Runs until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { turn, timers, log } = this.#deps;
    while (!signal.aborted) {
      const work = async (): Promise<unknown> => (await turn.isOurs()) && this.pass();
      await work().catch((error: unknown) => log.warn({ err: error }, 'subscriptions could not be swept'));
      await timers.sleep(SWEEP_EVERY_MS, signal).catch(() => undefined);
    }
    await turn.leave();
  }

  /** Sweeps once. A node whose lease has lapsed and that nobody has taken may live: what it holds is left to it. */
  async pass(): Promise<void> {
    const { sweep, leases } = this.#deps;
    const held = new Set((await leases.list(NODE_LEASE_PREFIX)).map(({ name }) => name));
    await sweep.execute({ isAlive: (node) => held.has(NODE_LEASE_PREFIX + node) });
  }
}
