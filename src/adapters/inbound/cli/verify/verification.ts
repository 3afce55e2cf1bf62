import { Interrupted, isPassing, ProtocolFault, Refused, Unreachable } from '../client/failures.ts';
import type { PromiseName } from './promise-name.ts';

/** What one look at a promise found. */
export interface StepReport {
  readonly name: PromiseName;
  readonly expected: string;
  readonly came: string;
  readonly kept: boolean;
}

/** A deployment does not keep a promise. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
  readonly step: StepReport;

  constructor(step: StepReport) {
    super(`${step.name}: expected ${step.expected}; came ${step.came}`);
    this.step = step;
  }
}

/** Says whether what came is what was promised; a `false` ends the look at once. */
export type See = (isKept: boolean, came: string) => void;

/** What must be undone at the end, whatever happened. */
interface Tidying {
  readonly what: string;
  readonly act: () => Promise<void>;
}

/** The course of one verification: promises are looked at in order, the first broken one ends it. */
export class Verification {
  readonly #steps: StepReport[] = [];
  readonly #onStep: (step: StepReport) => void;
  readonly #tidyings: Tidying[] = [];
  #isInterrupted = false;

  constructor(onStep: (step: StepReport) => void) {
    this.#onStep = onStep;
  }

  /** What was looked at so far. */
  get steps(): readonly StepReport[] {
    return this.#steps;
  }

  /** Ends the verification before it looks at the next promise. */
  interrupt(): void {
    this.#isInterrupted = true;
  }

  /**
   * Looks at one promise.
   *
   * @throws BrokenPromise when `look` saw that it is not kept, or met a refusal that it did not ask for;
   *   Interrupted after {@link interrupt}; Unreachable and the like as they come.
   */
  async promise<Found>(
    name: PromiseName,
    expected: string,
    look: (see: See) => Found | Promise<Found>,
  ): Promise<Found> {
    if (this.#isInterrupted) throw new Interrupted('Interrupted');
    let came = 'nothing';
    const see: See = (isKept, what) => {
      came = what;
      if (!isKept) throw new BrokenPromise({ name, expected, came, kept: false });
    };
    try {
      const found = await look(see);
      this.#report({ name, expected, came, kept: true });
      return found;
    } catch (error) {
      const broken = brokenBy(error, name, expected);
      if (broken === undefined) throw error;
      this.#report(broken.step);
      throw broken;
    }
  }

  /** Registers something to undo; the last registered is undone first. */
  atEnd(what: string, act: () => Promise<void>): void {
    this.#tidyings.push({ what, act });
  }

  /** Undoes what was registered, all of it, and returns what could not be undone. */
  async tidy(): Promise<string[]> {
    const left: string[] = [];
    for (let next = this.#tidyings.pop(); next !== undefined; next = this.#tidyings.pop()) {
      try {
        await next.act();
      } catch (error) {
        left.push(
          `${next.what} (${error instanceof Unreachable ? 'unreachable' : (error as Error).message})`,
        );
      }
    }
    return left;
  }

  #report(step: StepReport): void {
    this.#steps.push(step);
    this.#onStep(step);
  }
}

/** A refusal where none was promised breaks the promise; "not now" says nothing about it. */
function brokenBy(error: unknown, name: PromiseName, expected: string): BrokenPromise | undefined {
  if (error instanceof BrokenPromise) return error;
  if (error instanceof ProtocolFault)
    return new BrokenPromise({ name, expected, came: error.message, kept: false });
  if (isPassing(error) || !(error instanceof Refused)) return undefined;
  const came = `${error.status} ${error.code}: ${error.message}`;
  return new BrokenPromise({ name, expected, came, kept: false });
}
