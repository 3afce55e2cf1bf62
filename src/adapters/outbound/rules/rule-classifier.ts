import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  ClassifiedEvent,
  EventClassifier,
  Finding,
} from '../../../application/ports/control/event-classifier.ts';
import { type Explanation, Look } from './event-look.ts';
import type { RuleBook } from './rule-book.ts';
import { RulePlan } from './rule-plan.ts';

/** An event of which all texts together are no longer is asked about at once, in characters. */
const SHORT_EVENT_CHARACTERS = 16_384;

/** Somebody gave up, and the event stays unclassified. */
class GivenUp extends Error {}
const TOO_LATE: Finding = { kind: 'error', reason: 'The rules took too long' };
const FAILED: Finding = { kind: 'error', reason: 'The rules failed' };

/**
 * Classifies by ordered rules.
 *
 * Each text of an event (a call with its arguments, what a tool gave back, what a model said) gets the code of the
 * first rule that holds for it, and the event the worst of these. Rules that ask what the client says of itself can
 * only make that stricter: whatever they say, the rules behind them are asked too.
 */
export class RuleClassifier implements EventClassifier {
  #plan: RulePlan;

  constructor(book: RuleBook) {
    this.#plan = new RulePlan(book);
  }

  /** Goes by these rules from the next event on. */
  replace(book: RuleBook): void {
    this.#plan = new RulePlan(book);
  }

  classifyAtOnce(event: ClassifiedEvent): Finding | undefined {
    if (!isShort(event)) return undefined;
    try {
      const look = new Look(this.#plan, event);
      return look.steps().next().done === true ? look.worst.finding : undefined;
    } catch {
      return FAILED;
    }
  }

  async classify(event: ClassifiedEvent, signal: AbortSignal): Promise<Finding> {
    return (await this.explain(event, signal)).finding;
  }

  /** As `classify`, with what led to the finding. */
  async explain(event: ClassifiedEvent, signal: AbortSignal): Promise<Explanation> {
    try {
      const look = new Look(this.#plan, event);
      // Most events are short, and promises would cost more than their patterns do: only a pause makes any.
      for (const steps = look.steps(); ; await nextTurn()) {
        if (signal.aborted) throw new GivenUp();
        if (steps.next().done === true) return look.worst;
      }
    } catch (error) {
      return { finding: error instanceof GivenUp ? TOO_LATE : FAILED };
    }
  }
}

/** Whether an event is so small that the rules have found what they find before anybody else could have his turn. */
function isShort({ calls, messages, output }: ClassifiedEvent): boolean {
  let left = SHORT_EVENT_CHARACTERS - output.length;
  for (const { args } of calls) left -= args.length;
  for (const { content } of messages) left -= content.length;
  return left >= 0;
}
