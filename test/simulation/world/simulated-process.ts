import type { Clock } from '../../../src/application/ports/clock.ts';
import type { Timers } from '../../../src/application/ports/timers.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Runs from its start until it is killed, and may be stopped meanwhile as by SIGSTOP. */
export class SimulatedProcess implements Clock, Timers {
  readonly name: string;
  readonly #time: VirtualTime;
  readonly #skewMs: number;
  readonly #onDeath = new Set<() => void>();
  #late: Array<() => void> = [];
  #lastMs = 0;
  #alive = true;
  #paused = false;

  /** `skewMs`: how far its clock is from the truth. */
  constructor(name: string, time: VirtualTime, skewMs: number) {
    this.name = name;
    this.#time = time;
    this.#skewMs = skewMs;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.#time.nowMs + this.#skewMs);
    return this.#lastMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  /** Lets something happen inside this process after a while: later when it is paused, never when it is dead by then. */
  after(delayMs: number, happen: () => void): void {
    this.#time.after(delayMs, () => {
      if (!this.#alive) return;
      if (this.#paused || this.#late.length > 0) this.#late.push(happen);
      else happen();
    });
  }

  /** Hears of this process's end, from outside: nothing inside it runs any more. */
  onDeath(listener: () => void): void {
    this.#onDeath.add(listener);
  }

  /** As by SIGKILL: everything in its memory is gone, and nothing that it awaited ever goes on. */
  kill(): void {
    this.#alive = false;
    this.#late = [];
    for (const listener of this.#onDeath) listener();
  }

  pause(): void {
    this.#paused = true;
  }

  /** Goes on where it stood; what has come meanwhile comes now, in its order. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#catchUp();
  }

  #catchUp(): void {
    this.#time.after(0, () => {
      if (!this.#alive || this.#paused) return;
      const first = this.#late.shift();
      if (first === undefined) return;
      this.#catchUp();
      first();
    });
  }
}
