import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  ClassifiedEvent,
  EventClassifier,
  Finding,
} from '../../../application/ports/control/event-classifier.ts';
import { BENIGN, type MadCode, severityOf } from '../../../domain/control/mad-code.ts';
import { argumentLines } from './argument-lines.ts';
import { type Piece, piecesOf } from './event-pieces.ts';
import type { AnyOf, Rule, RuleBook } from './rule-book.ts';
import {
  type Asked,
  PLAIN,
  type PlacePlan,
  type PlannedRule,
  RulePlan,
  type ScreenedText,
  SHELL,
  SQL,
} from './rule-plan.ts';
import { windowsOf } from './text-windows.ts';

/** Most tools of one event; with more it is dangerous in itself, because nobody could look at them. */
const MAX_CALLS = 1_000;
/** What is looked at of a name that a client gives itself, in characters. */
const MAX_CLAIM_CHARACTERS = 1_024;
/** Characters times patterns between two turns of the event loop. */
const WORK_OF_A_TURN = 262_144;

/** A finding with what led to it. */
export interface Explanation {
  readonly finding: Finding;
  /** File and line of the rule that decided. */
  readonly origin?: string;
  /** The text that it was found in: its place, and the tool's name as rules compare it. */
  readonly place?: string;
  readonly tool?: string;
}

/** Somebody gave up, and the event stays unclassified. */
class GivenUp extends Error {}

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
      const reason = error instanceof GivenUp ? 'The rules took too long' : 'The rules failed';
      return { finding: { kind: 'error', reason } };
    }
  }
}

/** A piece of work that others may have their turn in, wherever it yields. */
type Steps<Result> = Generator<undefined, Result, void>;

/** One event under one set of rules. */
class Look {
  readonly #plan: RulePlan;
  readonly #event: ClassifiedEvent;
  #work = 0;
  #worst: Explanation = {
    finding: { kind: 'classified', code: BENIGN, reason: '', rule: undefined },
  };
  #code: MadCode = BENIGN;

  constructor(plan: RulePlan, event: ClassifiedEvent) {
    this.#plan = plan;
    this.#event = event;
  }

  /** What has been found so far. */
  get worst(): Explanation {
    return this.#worst;
  }

  *steps(): Steps<void> {
    if (this.#event.calls.length > MAX_CALLS) {
      const reason = `Asks for more than ${MAX_CALLS} tools at once`;
      this.#worst = {
        finding: { kind: 'classified', code: 'M3' as MadCode, reason, rule: 'too-many-calls' },
      };
      return;
    }
    for (const piece of piecesOf(this.#event)) {
      const plan = this.#plan.at(piece.place);
      if (plan !== undefined) yield* this.#judge(piece, plan);
    }
  }

  *#judge(piece: Piece, plan: PlacePlan): Steps<void> {
    const windows = yield* this.#windowsOf(argumentLines(piece.text), plan);
    const tool = this.#plan.screenedTool(piece.tool);
    const kinds = yield* this.#kindsOf(plan, tool, windows);
    for (const planned of plan.rules) {
      const { rule } = planned;
      if (!mayHold(planned, windows) || !this.#concerns(planned, tool, kinds)) continue;
      const holds = yield* this.#matches(planned, windows);
      if (this.#isTired) yield* this.#rest();
      if (!holds) continue;
      this.#note(rule, piece);
      if (rule.agent === undefined && rule.source === undefined) return;
    }
  }

  *#windowsOf(text: string, plan: PlacePlan): Steps<readonly ScreenedText[]> {
    const windows: ScreenedText[] = [];
    for (const part of windowsOf(text)) {
      if (part === undefined) {
        yield* this.#rest();
        continue;
      }
      const window = plan.screened(part);
      windows.push(window);
      this.#work += window.plain.length;
    }
    return windows;
  }

  #note(rule: Rule, { place, tool }: Piece): void {
    const { code, reason, id, origin } = rule;
    const isFirst = this.#worst.origin === undefined;
    if (!isFirst && severityOf(code) <= severityOf(this.#code)) return;
    this.#code = code;
    this.#worst = { finding: { kind: 'classified', code, reason, rule: id }, origin, place, tool };
  }

  /** The kinds of the tool of a call; a tool of no known kind counts as one of every kind. */
  *#kindsOf(
    { kinds }: PlacePlan,
    named: ScreenedText,
    windows: readonly ScreenedText[],
  ): Steps<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const { name, tool, member } of kinds) {
      const isNamed = tool !== undefined && this.#isFoundIn(tool, named);
      if (isNamed || (member !== undefined && (yield* this.#isIn(member, windows)))) found.add(name);
    }
    return found.size > 0 ? found : new Set(kinds.map(({ name }) => name));
  }

  /** Whether everything holds that a rule asks of what a text is, and of whose. */
  #concerns({ rule, tool }: PlannedRule, named: ScreenedText, kinds: ReadonlySet<string>): boolean {
    if (rule.kinds !== undefined && !rule.kinds.some((kind) => kinds.has(kind))) return false;
    const { profile, agentId, source } = this.#event;
    return (
      (tool === undefined || this.#isFoundIn(tool, named)) &&
      (rule.profile === undefined || hasAny(rule.profile, (profile ?? '').toLowerCase())) &&
      (rule.agent === undefined || hasAny(rule.agent, claimed(agentId))) &&
      (rule.source === undefined || hasAny(rule.source, claimed(source)))
    );
  }

  /**
   * What excuses a text has to be the whole of it as a person sees it: the other form leaves out what a shell would, and
   * what is left out must not be excused.
   */
  *#matches({ rule, match, also }: PlannedRule, windows: readonly ScreenedText[]): Steps<boolean> {
    if (match !== undefined) {
      if (!rule.excuses) {
        if (!(yield* this.#isIn(match, windows))) return false;
      } else if (windows.length !== 1 || !hasAny(match.patterns, windows[0]?.plain ?? '')) return false;
    }
    return also === undefined || (yield* this.#isIn(also, windows));
  }

  *#isIn(asked: Asked, windows: readonly ScreenedText[]): Steps<boolean> {
    for (const window of windows) {
      for (let at = 0; at < asked.patterns.length; at += 1) {
        if (this.#isOneFound(asked, at, window)) return true;
        if (this.#isTired) yield* this.#rest();
      }
    }
    return false;
  }

  #isFoundIn(asked: Asked, window: ScreenedText): boolean {
    return asked.patterns.some((_, at) => this.#isOneFound(asked, at, window));
  }

  /** Whether a pattern is found in a text, in any of its forms. */
  #isOneFound({ patterns, first }: Asked, at: number, text: ScreenedText): boolean {
    const { plain, shell, sql = '', candidates } = text;
    const forms = candidates[first + at];
    const pattern = patterns[at];
    if (pattern === undefined || forms === undefined || forms === 0) return false;
    this.#work += plain.length;
    return (
      ((forms & PLAIN) !== 0 && pattern.test(plain)) ||
      ((forms & SHELL) !== 0 && pattern.test(shell)) ||
      ((forms & SQL) !== 0 && pattern.test(sql))
    );
  }

  get #isTired(): boolean {
    return this.#work > WORK_OF_A_TURN;
  }

  *#rest(): Steps<void> {
    this.#work = 0;
    yield;
  }
}

/** Whether each of a rule's conditions has a pattern that may be found in one of these. */
const mayHold = ({ match, also }: PlannedRule, windows: readonly ScreenedText[]): boolean =>
  (match === undefined || mayBeIn(match, windows)) && (also === undefined || mayBeIn(also, windows));

function mayBeIn({ patterns, first }: Asked, windows: readonly ScreenedText[]): boolean {
  for (const { candidates } of windows) {
    for (let at = first; at < first + patterns.length; at += 1) if (candidates[at] !== 0) return true;
  }
  return false;
}

const hasAny = (patterns: AnyOf, text: string): boolean =>
  patterns?.some((pattern) => pattern.test(text)) ?? false;

/** What a client says of itself, as rules compare it. */
const claimed = (text: string): string => text.slice(0, MAX_CLAIM_CHARACTERS).toLowerCase();
