import type { ClassifiedEvent, Finding } from '../../../application/ports/control/event-classifier.ts';
import { BENIGN, type MadCode, severityOf } from '../../../domain/control/mad-code.ts';
import { argumentLines } from './argument-lines.ts';
import { type Piece, piecesOf } from './event-pieces.ts';
import type { AnyOf, Rule } from './rule-book.ts';
import {
  type Asked,
  PLAIN,
  type PlacePlan,
  type PlannedKind,
  type PlannedRule,
  type RulePlan,
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

/** A piece of work that others may have their turn in, wherever it yields. */
type Steps<Result> = Generator<undefined, Result, void>;

/** A look at one event under one set of rules. */
export class Look {
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
      if (plan === undefined) continue;
      const text = argumentLines(piece.text);
      if (text.length * plan.patterns > WORK_OF_A_TURN) yield* this.#judge(piece, text, plan);
      else this.#judgeShort(piece, text, plan);
      if (this.#isTired) yield* this.#rest();
    }
  }

  /** A text that needs no pause, whatever it is: most are short, and what may pause costs more than their patterns do. */
  #judgeShort(piece: Piece, text: string, plan: PlacePlan): void {
    const window = plan.screenedForNow(text);
    this.#work += window.plain.length;
    let named: ScreenedText | undefined;
    let kinds: readonly string[] | undefined;
    for (const planned of plan.rules) {
      if (!mayHold(planned, window)) continue;
      const { rule } = planned;
      named ??= this.#plan.screenedTool(piece.tool);
      if (rule.kinds !== undefined) kinds ??= this.#kindsOfShort(plan, named, window);
      if (!this.#concerns(planned, named, kinds ?? []) || !this.#matchesShort(planned, window)) continue;
      this.#note(rule, piece);
      if (rule.agent === undefined && rule.source === undefined) return;
    }
  }

  #kindsOfShort({ kinds }: PlacePlan, named: ScreenedText, window: ScreenedText): readonly string[] {
    const found = kinds.filter(
      ({ tool, member }) =>
        (tool !== undefined && this.#isFoundIn(tool, named)) ||
        (member !== undefined && this.#isFoundIn(member, window)),
    );
    return namesOf(found.length > 0 ? found : kinds);
  }

  #matchesShort({ rule, match, also }: PlannedRule, window: ScreenedText): boolean {
    const isMatched =
      match === undefined || (rule.excuses ? isExcused(match, window) : this.#isFoundIn(match, window));
    return isMatched && (also === undefined || this.#isFoundIn(also, window));
  }

  *#judge(piece: Piece, text: string, plan: PlacePlan): Steps<void> {
    const windows = yield* this.#windowsOf(text, plan);
    const named = this.#plan.screenedTool(piece.tool);
    const kinds = yield* this.#kindsOf(plan, named, windows);
    for (const planned of plan.rules) {
      const { rule } = planned;
      if (!mayHoldIn(planned, windows) || !this.#concerns(planned, named, kinds)) continue;
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
  ): Steps<readonly string[]> {
    const found: PlannedKind[] = [];
    for (const kind of kinds) {
      const { tool, member } = kind;
      const isNamed = tool !== undefined && this.#isFoundIn(tool, named);
      if (isNamed || (member !== undefined && (yield* this.#isIn(member, windows)))) found.push(kind);
    }
    return namesOf(found.length > 0 ? found : kinds);
  }

  /** Whether everything holds that a rule asks of what a text is, and of whose. */
  #concerns({ rule, tool }: PlannedRule, named: ScreenedText, kinds: readonly string[]): boolean {
    if (rule.kinds !== undefined && !rule.kinds.some((kind) => kinds.includes(kind))) return false;
    const { profile, agentId, source } = this.#event;
    return (
      (tool === undefined || this.#isFoundIn(tool, named)) &&
      (rule.profile === undefined || hasAny(rule.profile, (profile ?? '').toLowerCase())) &&
      (rule.agent === undefined || hasAny(rule.agent, claimed(agentId))) &&
      (rule.source === undefined || hasAny(rule.source, claimed(source)))
    );
  }

  /**
   * What excuses a text has to be the whole of it: a form that leaves something out would excuse that as well.
   */
  *#matches({ rule, match, also }: PlannedRule, windows: readonly ScreenedText[]): Steps<boolean> {
    if (match !== undefined) {
      if (!rule.excuses) {
        if (!(yield* this.#isIn(match, windows))) return false;
      } else if (windows.length !== 1 || !windows.every((window) => isExcused(match, window))) return false;
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
    for (let at = 0; at < asked.patterns.length; at += 1) {
      if (this.#isOneFound(asked, at, window)) return true;
    }
    return false;
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

/** Whether each condition of a rule has a pattern that may be found in a text. */
const mayHold = ({ match, also }: PlannedRule, window: ScreenedText): boolean =>
  (match === undefined || mayBeIn(match, window)) && (also === undefined || mayBeIn(also, window));

/** The same of several texts, of which each may have what another has not. */
const mayHoldIn = ({ match, also }: PlannedRule, windows: readonly ScreenedText[]): boolean =>
  (match === undefined || windows.some((window) => mayBeIn(match, window))) &&
  (also === undefined || windows.some((window) => mayBeIn(also, window)));

function mayBeIn({ patterns, first }: Asked, { candidates }: ScreenedText): boolean {
  for (let at = first; at < first + patterns.length; at += 1) if (candidates[at] !== 0) return true;
  return false;
}

/** Whether a text is what an exception speaks of, and not only looks like it: a shell takes no look-alike for a quote. */
const isExcused = ({ patterns }: Asked, { plain, isAsWritten }: ScreenedText): boolean =>
  isAsWritten && hasAny(patterns, plain);

const namesOf = (kinds: readonly PlannedKind[]): readonly string[] => kinds.map(({ name }) => name);

const hasAny = (patterns: AnyOf, text: string): boolean =>
  patterns?.some((pattern) => pattern.test(text)) ?? false;

/** What a client says of itself, as rules compare it. */
const claimed = (text: string): string => text.slice(0, MAX_CLAIM_CHARACTERS).toLowerCase();
