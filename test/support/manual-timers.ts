import type { Timers } from '../../src/application/ports/timers.ts';
import { ManualClock } from './manual-clock.ts';

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** Turns of the event loop given to whoever a timer woke, so that it can go to sleep again before the next one. */
const SETTLE_TURNS = 3;

/** Timers on a manual clock: `advance` moves the clock and wakes whoever is due, in the order of their times. */
export class ManualTimers implements Timers {
  readonly clock: ManualClock;
  readonly #sleepers = new Set<Sleeper>();

  constructor(clock = new ManualClock()) {
    this.clock = clock;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        dueMs: this.clock.nowMs() + Math.max(0, delayMs),
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time pass; resolves when everybody who was due on the way has had his turn. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.clock.nowMs() + byMs;
    await settle();
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.clock.advance(Math.max(0, next.dueMs - this.clock.nowMs()));
      this.#sleepers.delete(next);
      next.wake();
      await settle();
    }
    this.clock.advance(untilMs - this.clock.nowMs());
  }

  #nextDue(untilMs: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueMs <= untilMs && (next === undefined || sleeper.dueMs < next.dueMs)) next = sleeper;
    }
    return next;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
