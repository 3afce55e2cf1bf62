import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RE2JS } from 're2js';
import type {
  ClassifiedEvent,
  EventClassifier,
  Finding,
} from '../../../application/ports/control/event-classifier.ts';
import { BENIGN, type MadCode, severityOf } from '../../../domain/control/mad-code.ts';
import { type Piece, piecesOf } from './event-pieces.ts';
import { type NormalText, normalText } from './normal-text.ts';
import type { AnyOf, Rule, RuleBook } from './rule-book.ts';

/** Most tools of one event; with more it is dangerous in itself, because nobody could look at them. */
const MAX_CALLS = 1_000;
/** What is looked at of a name that a client gives itself, in characters. */
const MAX_CLAIM_CHARACTERS = 1_024;
/** What one look of a pattern reads at most, in characters. */
const WINDOW_CHARACTERS = 32_768;
/** What two windows have in common, in characters: whatever is no longer is found wherever it stands. */
const OVERLAP_CHARACTERS = 2_048;
/** Characters times patterns between two turns of the event loop. */
const WORK_OF_A_TURN = 262_144;
/** A text that is no longer is asked about by all patterns of a rule without a pause, in characters. */
const SHORT_CHARACTERS = 4_096;

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
  #book: RuleBook;

  constructor(book: RuleBook) {
    this.#book = book;
  }

  /** Goes by these rules from the next event on. */
  replace(book: RuleBook): void {
    this.#book = book;
  }

  async classify(event: ClassifiedEvent, signal: AbortSignal): Promise<Finding> {
    return (await this.explain(event, signal)).finding;
  }

  /** As `classify`, with what led to the finding. */
  async explain(event: ClassifiedEvent, signal: AbortSignal): Promise<Explanation> {
    try {
      return await new Look(this.#book, event, signal).explain();
    } catch (error) {
      const reason = error instanceof GivenUp ? 'The rules took too long' : 'The rules failed';
      return { finding: { kind: 'error', reason } };
    }
  }
}

/** One event under one set of rules. */
class Look {
  readonly #book: RuleBook;
  readonly #event: ClassifiedEvent;
  readonly #signal: AbortSignal;
  #work = 0;
  #worst: Explanation = {
    finding: { kind: 'classified', code: BENIGN, reason: '', rule: undefined },
  };
  #code: MadCode = BENIGN;

  constructor(book: RuleBook, event: ClassifiedEvent, signal: AbortSignal) {
    this.#book = book;
    this.#event = event;
    this.#signal = signal;
  }

  async explain(): Promise<Explanation> {
    if (this.#signal.aborted) throw new GivenUp();
    if (this.#event.calls.length > MAX_CALLS) {
      const reason = `Asks for more than ${MAX_CALLS} tools at once`;
      return { finding: { kind: 'classified', code: 'M3' as MadCode, reason, rule: 'too-many-calls' } };
    }
    for (const piece of piecesOf(this.#event)) await this.#judge(piece);
    return this.#worst;
  }

  async #judge(piece: Piece): Promise<void> {
    const windows = await this.#windowsOf(piece.text);
    const kinds = await this.#kindsOf(piece, windows);
    const short = shortOf(windows);
    for (const rule of this.#book.rules) {
      if (!this.#concerns(rule, piece, kinds)) continue;
      // Most texts are short, and hundreds of promises would cost more than their patterns do.
      const holds =
        short === undefined ? await this.#matches(rule, windows) : this.#matchesShort(rule, short);
      if (this.#work > WORK_OF_A_TURN) await this.#pause();
      if (!holds) continue;
      this.#note(rule, piece);
      if (rule.agent === undefined && rule.source === undefined) return;
    }
  }

  async #windowsOf(text: string): Promise<readonly NormalText[]> {
    const windows: NormalText[] = [];
    for (let from = 0; ; from += WINDOW_CHARACTERS - OVERLAP_CHARACTERS) {
      windows.push(normalText(text.slice(from, from + WINDOW_CHARACTERS)));
      if (from + WINDOW_CHARACTERS >= text.length) return windows;
      await this.#pause();
    }
  }

  #note(rule: Rule, { place, tool }: Piece): void {
    const { code, reason, id, origin } = rule;
    const isFirst = this.#worst.origin === undefined;
    if (!isFirst && severityOf(code) <= severityOf(this.#code)) return;
    this.#code = code;
    this.#worst = { finding: { kind: 'classified', code, reason, rule: id }, origin, place, tool };
  }

  /** The kinds of the tool of a call; a tool of no known kind counts as one of every kind. */
  async #kindsOf(piece: Piece, windows: readonly NormalText[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    if (piece.place !== 'call') return found;
    for (const { name, tool, member } of this.#book.kinds) {
      const isNamed = hasAny(tool, piece.tool);
      if (isNamed || (member !== undefined && (await this.#isIn(member, windows)))) found.add(name);
    }
    return found.size > 0 ? found : new Set(this.#book.kinds.map(({ name }) => name));
  }

  /** Whether everything holds that a rule asks of what a text is, and of whose. */
  #concerns(rule: Rule, { place, tool }: Piece, kinds: ReadonlySet<string>): boolean {
    if (!rule.places.includes(place)) return false;
    if (rule.kinds !== undefined && !rule.kinds.some((kind) => kinds.has(kind))) return false;
    const { profile, agentId, source } = this.#event;
    return (
      (rule.tool === undefined || hasAny(rule.tool, tool)) &&
      (rule.profile === undefined || hasAny(rule.profile, (profile ?? '').toLowerCase())) &&
      (rule.agent === undefined || hasAny(rule.agent, claimed(agentId))) &&
      (rule.source === undefined || hasAny(rule.source, claimed(source)))
    );
  }

  /**
   * What excuses a text has to be the whole of it as a person sees it: the other form leaves out what a shell would, and
   * what is left out must not be excused.
   */
  async #matches({ match, also, excuses }: Rule, windows: readonly NormalText[]): Promise<boolean> {
    if (match !== undefined) {
      if (!excuses) {
        if (!(await this.#isIn(match, windows))) return false;
      } else if (windows.length !== 1 || !hasAny(match, windows[0]?.plain ?? '')) return false;
    }
    return also === undefined || (await this.#isIn(also, windows));
  }

  /** The same of a short text, without a pause. */
  #matchesShort({ match, also, excuses }: Rule, text: NormalText): boolean {
    if (match !== undefined) {
      if (!(excuses ? hasAny(match, text.plain) : this.#isInShort(match, text))) return false;
    }
    return also === undefined || this.#isInShort(also, text);
  }

  #isInShort(patterns: readonly RE2JS[], text: NormalText): boolean {
    for (const pattern of patterns) {
      this.#work += text.plain.length;
      if (isFoundIn(pattern, text)) return true;
    }
    return false;
  }

  async #isIn(patterns: readonly RE2JS[], windows: readonly NormalText[]): Promise<boolean> {
    for (const window of windows) {
      for (const pattern of patterns) {
        if (isFoundIn(pattern, window)) return true;
        this.#work += window.plain.length;
        if (this.#work > WORK_OF_A_TURN) await this.#pause();
      }
    }
    return false;
  }

  async #pause(): Promise<void> {
    this.#work = 0;
    await nextTurn();
    if (this.#signal.aborted) throw new GivenUp();
  }
}

/** The only window of a text that is short. */
const shortOf = (windows: readonly NormalText[]): NormalText | undefined =>
  windows.length === 1 && (windows[0]?.plain.length ?? 0) <= SHORT_CHARACTERS ? windows[0] : undefined;

const isFoundIn = (pattern: RE2JS, { plain, shell }: NormalText): boolean =>
  pattern.test(plain) || (shell !== plain && pattern.test(shell));

const hasAny = (patterns: AnyOf, text: string): boolean =>
  patterns?.some((pattern) => pattern.test(text)) ?? false;

/** What a client says of itself, as rules compare it. */
const claimed = (text: string): string => text.slice(0, MAX_CLAIM_CHARACTERS).toLowerCase();
