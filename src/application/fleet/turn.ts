import type { Leases } from '../ports/fleet/leases.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';
import { inTime } from './in-time.ts';
import type { ThisNode } from './this-node.ts';

/** Whoever knows not after so long whose turn it is, in milliseconds, does the work: twice is waste, never is worse. */
export const TURN_PATIENCE_MS = 1_000;

interface Deps {
  readonly leases: Leases;
  readonly node: ThisNode;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Whose turn it is to do a periodic work of the whole fleet. It saves the others the work and decides nothing: every
 * piece of it may be done by two nodes at once. Who has the turn keeps it by asking again within its life; when he dies,
 * whoever asks next after that life has it.
 */
export class Turn {
  readonly #deps: Deps;
  readonly #name: string;
  readonly #lifeMs: number;

  /** @param given `lifeMs`: longer than the rest between two passes of the work, in milliseconds. */
  constructor(deps: Deps, given: { readonly work: string; readonly lifeMs: number }) {
    this.#deps = deps;
    this.#name = `turn/${given.work}`;
    this.#lifeMs = given.lifeMs;
  }

  /** Whether this node is to do the work now, for the life of the turn. Never rejects, and never takes long. */
  async isOurs(): Promise<boolean> {
    const { leases, node, timers, log } = this.#deps;
    try {
      const held = leases.hold(this.#name, node.id, this.#lifeMs);
      return (await inTime(held, timers, TURN_PATIENCE_MS)) !== 'taken';
    } catch (error) {
      log.debug({ turn: this.#name, err: error }, 'nobody knows whose turn it is, so it is done here');
      return true;
    }
  }

  /** Lets the next node have the turn at once. Never rejects: a turn lapses by itself. */
  async leave(): Promise<void> {
    const { leases, node, timers, log } = this.#deps;
    try {
      await inTime(leases.release(this.#name, node.id), timers, TURN_PATIENCE_MS);
    } catch (error) {
      log.debug({ turn: this.#name, err: error }, 'a turn could not be given back');
    }
  }
}
