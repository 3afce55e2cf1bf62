import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';

/** Longest time from the first look of a change to its last try, its wait for a turn included, in milliseconds. */
export const CHANGE_WITHIN_MS = 5_000;
/** Most changes of one subscription that wait for their turn in one process; more are refused at once. */
export const MAX_WAITING = 1_000;
/** What the longest rest grows by with each try that met one of another process, and where it stays, in milliseconds. */
const REST_STEP_MS = 4;
const MAX_REST_MS = 100;

interface Deps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Pick<IdSource, 'fraction'>;
}

/** Others changed it all the time. Nothing was written, and it may be tried again. */
export const othersWereFirst = (): PortError =>
  new PortError('conflict', 'store', 'others changed the subscription at the same time');

/**
 * Whoever of this process changes the same subscription does so one after the other. Each of *n* who race for it by
 * compare-and-set meets all the others, which is *n²* tries; in turns each has its one, but for those of other processes.
 */
export class ChangeTurns {
  readonly #deps: Deps;
  /** Who waits, by what they wait for; there is a list as long as somebody has the turn. */
  readonly #waiting = new Map<SubscriberId, Array<() => void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** How many subscriptions somebody changes in turn. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether somebody has the turn, so that a try beside him would only be in his way. */
  isTaken(id: SubscriberId): boolean {
    return this.#waiting.has(id);
  }

  /**
   * Waits for one's turn.
   *
   * @param untilMs when it is too late, in unix milliseconds.
   * @returns what gives the turn to the next one.
   * @throws PortError `conflict` when it has not come by then, or too many wait.
   */
  async take(id: SubscriberId, untilMs: number): Promise<() => void> {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) this.#waiting.set(id, []);
    else await this.#wait(waiting, untilMs);
    return () => this.#passOn(id);
  }

  /** Rests before another try, by chance as long as up to a limit that grows, so that two processes do not meet again at once. */
  rest(tries: number): Promise<void> {
    const { timers, ids } = this.#deps;
    return timers.sleep(Math.ceil(ids.fraction() * Math.min(MAX_REST_MS, REST_STEP_MS * tries)));
  }

  async #wait(waiting: Array<() => void>, untilMs: number): Promise<void> {
    const { clock, timers } = this.#deps;
    if (waiting.length >= MAX_WAITING) throw othersWereFirst();
    const called = new AbortController();
    const call = (): void => called.abort();
    waiting.push(call);
    await timers.sleep(untilMs - clock.nowMs(), called.signal).catch(() => undefined);
    if (called.signal.aborted) return;
    waiting.splice(waiting.indexOf(call), 1);
    throw othersWereFirst();
  }

  #passOn(id: SubscriberId): void {
    const next = this.#waiting.get(id)?.shift();
    if (next === undefined) this.#waiting.delete(id);
    else next();
  }
}
