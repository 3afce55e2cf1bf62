import type { Clock } from '../ports/clock.ts';
import type { ClassifiedEvent, EventClassifier, Finding } from '../ports/control/event-classifier.ts';
import type { Timers } from '../ports/timers.ts';
import { Deadlines } from './deadlines.ts';
import type { FairSlots } from './fair-slots.ts';

const TOO_LATE = 'The classifier took too long';
const FAILED = 'The classifier failed';

interface Deps {
  readonly classifier: EventClassifier;
  readonly slots: FairSlots;
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long a finding may take from the moment that its event has come, waiting included, in milliseconds. */
  readonly limitMs: number;
}

/** Asks a classifier in turns that owners share fairly, and never waits longer than it may: too late is an error. */
export class ClassifyInTime {
  readonly #classifier: EventClassifier;
  readonly #slots: FairSlots;
  readonly #deadlines: Deadlines;

  constructor({ classifier, slots, clock, timers, limitMs }: Deps) {
    this.#classifier = classifier;
    this.#slots = slots;
    this.#deadlines = new Deadlines({ clock, timers }, limitMs);
  }

  /**
   * Never rejects. Whatever can be said at once needs no turn, and no promise, and is said however late it is.
   *
   * @param sinceMs when the event came, if that was before now.
   */
  classify(owner: string, event: ClassifiedEvent, sinceMs?: number): Promise<Finding> | Finding {
    return this.#classifier.classifyAtOnce?.(event) ?? this.#classifyInTurn(owner, event, sinceMs);
  }

  #classifyInTurn(owner: string, event: ClassifiedEvent, sinceMs: number | undefined): Promise<Finding> {
    const known = this.#classifier.knownAtOnce?.(event);
    const failed = (reason: string): Finding => ({
      kind: 'error',
      reason,
      ...(known === undefined ? {} : { known }),
    });
    const abort = new AbortController();
    return new Promise((resolve) => {
      const end = this.#deadlines.begin(() => {
        resolve(failed(TOO_LATE));
        abort.abort();
      }, sinceMs);
      if (abort.signal.aborted) return;
      const answer = (finding: Finding): void => {
        end();
        resolve(finding);
      };
      this.#slots
        .run(owner, () => this.#classifier.classify(event, abort.signal), abort.signal)
        .then(answer, () => answer(failed(abort.signal.aborted ? TOO_LATE : FAILED)));
    });
  }
}
