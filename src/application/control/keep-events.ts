import { VERDICT_LIFE_MS } from '../../domain/control/agent-event-state.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { Turn } from '../fleet/turn.ts';
import type { McpInventories } from '../ports/control/mcp-inventories.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';
import { type DecisionDeps, decideReview } from './reviews/decide-review.ts';

/** How often reviews are looked at whose deadline may have come, in milliseconds. */
export const LOOK_AT_DEADLINES_MS = 1_000;
/** Looks at deadlines between two counts of what waits for a person. */
const LOOKS_BETWEEN_COUNTS = 5;
/** Looks at deadlines between two looks at what has become old. */
const LOOKS_BETWEEN_CLEANING = 60;
/** How long the turn to keep events is one node's without a pass of it, in milliseconds. */
export const KEEP_EVENTS_TURN_MS = 5 * LOOK_AT_DEADLINES_MS;
/** Events that are looked at, changed or removed at once. */
export const KEEP_EVENTS_BATCH = 100;

interface Deps extends DecisionDeps {
  readonly inventories: Pick<McpInventories, 'forget'>;
  readonly turn: Turn;
  readonly timers: Timers;
  readonly log: Log;
  /** How long events and inventories are kept, in milliseconds. */
  readonly retentionMs: number;
}

/**
 * Keeps agents' events as time goes by, in turn with the other nodes: what nobody has decided about in time is rejected,
 * verdicts that nobody has come for lapse, and what is old is forgotten.
 */
export class KeepEvents {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Runs until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { turn, timers, log } = this.#deps;
    for (let look = 0; !signal.aborted; look += 1) {
      const work = async (): Promise<void> => {
        // Every node tells it: whose turn it is changes, and what the last one said would stay.
        if (look % LOOKS_BETWEEN_COUNTS === 0) await this.#tellPending();
        if (!(await turn.isOurs())) return;
        await this.expire(signal);
        if (look % LOOKS_BETWEEN_CLEANING === 0) await this.clean(signal);
      };
      await work().catch((error: unknown) => log.warn({ err: error }, "agents' events could not be kept up"));
      await timers.sleep(LOOK_AT_DEADLINES_MS, signal).catch(() => undefined);
    }
    await turn.leave();
  }

  /** Rejects what is overdue. @returns how many. @throws PortError of the store. */
  async expire(signal?: AbortSignal): Promise<number> {
    const { store, clock } = this.#deps;
    let expired = 0;
    while (!signal?.aborted) {
      const overdue = await store.overdue(clock.nowMs(), KEEP_EVENTS_BATCH);
      for (const found of overdue) {
        const decided = await decideReview(
          this.#deps,
          found,
          { decision: 'expired' },
          { actor: 'system' },
        ).catch(unlessDecided);
        if (decided !== undefined) expired += 1;
      }
      if (overdue.length < KEEP_EVENTS_BATCH) break;
    }
    return expired;
  }

  async #tellPending(): Promise<void> {
    const { store, metrics } = this.#deps;
    metrics.gauge('holdfast_control_reviews_open', await store.pendingReviews());
  }

  /** Lets lapse and forgets what is old enough. @throws PortError of the stores. */
  async clean(signal?: AbortSignal): Promise<void> {
    const { store, inventories, clock, retentionMs } = this.#deps;
    const nowMs = clock.nowMs();
    await whileFull(signal, () => store.lapse(nowMs - VERDICT_LIFE_MS, KEEP_EVENTS_BATCH));
    await whileFull(signal, () => store.forget(nowMs - retentionMs, KEEP_EVENTS_BATCH));
    await whileFull(signal, () => inventories.forget(nowMs - retentionMs, KEEP_EVENTS_BATCH));
  }
}

async function whileFull(signal: AbortSignal | undefined, batch: () => Promise<number>): Promise<void> {
  while (!signal?.aborted && (await batch()) >= KEEP_EVENTS_BATCH);
}

/** A person was quicker. */
function unlessDecided(error: unknown): undefined {
  if (error instanceof DomainError && error.code === 'review.already_resolved') return undefined;
  throw error;
}
