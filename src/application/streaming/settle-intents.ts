import type { StreamId } from '../../domain/streaming/stream-id.ts';
import type { Turn } from '../fleet/turn.ts';
import type { SettlementIntent } from '../ports/accounting/credit-holds.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import type { IntentSettler } from './engine/intent-settler.ts';
import { retryDelayMs } from './engine/retry-until-done.ts';

/** Intents looked at in one pass. */
export const INTENTS_PER_PASS = 100;
/** Rest between two passes that met no fault, in milliseconds. */
export const SETTLE_EVERY_MS = 1_000;

/** How long the turn to settle is one node's without a pass of it, in milliseconds. */
export const SETTLE_TURN_MS = 5 * SETTLE_EVERY_MS;

interface Deps {
  readonly streams: StreamRepository;
  readonly settler: IntentSettler;
  readonly turn: Turn;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly log: Log;
}

/** Retries, in the background and in turn with the other nodes, what accounting has not acknowledged, whoever owes it. */
export class SettleIntents {
  readonly #deps: Deps;
  /** Intents that failed, longest ago first; bounded by those of one pass. */
  #failed = new Set<StreamId>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Runs until the signal aborts. */
  async execute(command: { signal: AbortSignal }): Promise<void> {
    const { turn, timers, ids, log } = this.#deps;
    let faults = 0;
    while (!command.signal.aborted) {
      const clean = await this.#passInTurn().catch((error: unknown) => {
        log.warn({ err: error }, 'pending settlements could not be read');
        return false;
      });
      faults = clean ? 0 : faults + 1;
      const restMs = clean ? SETTLE_EVERY_MS : SETTLE_EVERY_MS + retryDelayMs(faults, ids);
      await timers.sleep(restMs, command.signal).catch(() => undefined);
    }
    await turn.leave();
  }

  /**
   * Tries the oldest pending intents once; stops at the first that fails, because the next would fail like it. The next
   * pass begins with the others, so that one which fails for a reason of its own keeps none of them from being settled.
   *
   * @returns whether all of them were settled.
   */
  async pass(): Promise<boolean> {
    for (const intent of this.#inTurn(await this.#deps.streams.pendingIntents(INTENTS_PER_PASS))) {
      this.#failed.delete(intent.id);
      if (await this.#deps.settler.settle(intent)) continue;
      this.#failed.add(intent.id);
      return false;
    }
    return true;
  }

  /** Those that have not failed, oldest first, then those that have, longest ago first. */
  #inTurn(pending: readonly SettlementIntent[]): readonly SettlementIntent[] {
    const ids = new Set(pending.map(({ id }) => id));
    this.#failed = new Set([...this.#failed].filter((id) => ids.has(id)));
    const turns = new Map([...this.#failed].map((id, turn) => [id, turn + 1]));
    return pending.toSorted((one, other) => (turns.get(one.id) ?? 0) - (turns.get(other.id) ?? 0));
  }

  async #passInTurn(): Promise<boolean> {
    return !(await this.#deps.turn.isOurs()) || this.pass();
  }
}
