import { InvariantViolation } from '../../../src/domain/invariant.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Everything that happens in a run, in its order, and the first thing in it that must not be. */
export class JournalOfRun {
  readonly lines: string[] = [];
  readonly #time: VirtualTime;
  #startedAtMs: number;
  #failure: string | undefined;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.#startedAtMs = time.nowMs;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  write(line: string): void {
    this.lines.push(`${((this.#time.nowMs - this.#startedAtMs) / 1000).toFixed(3)} ${line}`);
  }

  /** Says that something is as it must never be. Only the first time counts. */
  fail(what: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = what;
    this.write(`FAILS: ${what}`);
  }

  /** Fails unless something is so. */
  expect(holds: boolean, what: () => string): void {
    if (!holds) this.fail(what());
  }

  /** Fails when an error is a mistake of the program's own. */
  examine(error: unknown, where: string): void {
    const isOurs =
      error instanceof InvariantViolation || error instanceof TypeError || error instanceof RangeError;
    if (isOurs) this.fail(`${where}: ${error.name}: ${error.message}`);
  }
}
