import type { RE2JS } from 're2js';
import { type NormalText, normalText } from './normal-text.ts';
import { PatternScreen } from './pattern-screen.ts';
import { type AnyOf, PLACES, type Place, type Rule, type RuleBook } from './rule-book.ts';

/** The form of a text in which a pattern may be found, as bits. */
export const PLAIN = 1;
export const SHELL = 2;
export const SQL = 4;

/** Most names of tools that are remembered; each has a thousand characters at most. */
const MAX_SCREENED_TOOLS = 256;

/** Patterns of which one has to be found; in what was screened the first of them has this place, the others follow. */
export interface Asked {
  readonly patterns: readonly RE2JS[];
  readonly first: number;
}

/** A rule where it is asked. */
export interface PlannedRule {
  readonly rule: Rule;
  readonly tool: Asked | undefined;
  readonly match: Asked | undefined;
  readonly also: Asked | undefined;
}

/** A text in its forms, and for each pattern that is asked about it the forms in which it may be found. */
export interface ScreenedText extends NormalText {
  readonly candidates: Uint8Array;
}

/** A kind of tools: what tells one by its name, and by the names of its arguments. */
export interface PlannedKind {
  readonly name: string;
  readonly tool: Asked | undefined;
  readonly member: Asked | undefined;
}

/** Patterns that are asked about the same texts. */
class Inquiry {
  readonly #patterns: RE2JS[] = [];
  #screen: PatternScreen | undefined;
  #scratch = new Uint8Array();

  add(patterns: AnyOf): Asked | undefined {
    if (patterns === undefined) return undefined;
    const first = this.#patterns.length;
    this.#patterns.push(...patterns);
    return { patterns, first };
  }

  get size(): number {
    return this.#patterns.length;
  }

  /** Nothing is added any more. */
  candidatesIn(
    { plain, shell, sql }: NormalText,
    candidates = new Uint8Array(this.#patterns.length),
  ): Uint8Array {
    this.#screen ??= new PatternScreen(this.#patterns);
    this.#screen.mark(plain, PLAIN, candidates);
    if (shell !== plain) this.#screen.mark(shell, SHELL, candidates);
    if (sql !== undefined) this.#screen.mark(sql, SQL, candidates);
    return candidates;
  }

  /** The same, until the next text is asked about: most texts are done with before that, and arrays are dear. */
  candidatesForNow(text: NormalText): Uint8Array {
    if (this.#scratch.length !== this.size) this.#scratch = new Uint8Array(this.size);
    return this.candidatesIn(text, this.#scratch.fill(0));
  }
}

/** What is asked about the texts of one place, in its order. */
export interface PlacePlan {
  readonly rules: readonly PlannedRule[];
  /** Kinds of tools, where they are asked for. */
  readonly kinds: readonly PlannedKind[];
  /** How many patterns are asked about a text at most. */
  readonly patterns: number;
  screened(text: string): ScreenedText;
  /** The same, until the next text of the place is screened so. */
  screenedForNow(text: string): ScreenedText;
}

/** Rules, laid out by where they are asked. */
export class RulePlan {
  readonly #places: ReadonlyMap<Place, PlacePlan>;
  readonly #tools = new Inquiry();
  /** Names of tools, of which agents have few, as they were screened. */
  readonly #screenedTools = new Map<string, ScreenedText>();

  constructor(book: RuleBook) {
    this.#places = new Map(PLACES.map((place) => [place, this.#planOf(place, book)]));
  }

  /** Undefined where nothing is asked. */
  at(place: Place): PlacePlan | undefined {
    const plan = this.#places.get(place);
    return plan?.rules.length === 0 ? undefined : plan;
  }

  /** A tool's name, as `tool` of a rule or kind asks about it. */
  screenedTool(tool: string): ScreenedText {
    const known = this.#screenedTools.get(tool);
    if (known !== undefined) return known;
    const text = { plain: tool, shell: tool, isAsWritten: true };
    const screened = { ...text, candidates: this.#tools.candidatesIn(text) };
    if (this.#screenedTools.size >= MAX_SCREENED_TOOLS) this.#screenedTools.clear();
    this.#screenedTools.set(tool, screened);
    return screened;
  }

  #planOf(place: Place, book: RuleBook): PlacePlan {
    const texts = new Inquiry();
    const isCall = place === 'call';
    // What is no call has no kind of tool.
    const rules = book.rules.filter(
      ({ places, kinds }) => places.includes(place) && (isCall || kinds === undefined),
    );
    const plannedRules = rules.map((rule) => ({
      rule,
      tool: this.#tools.add(rule.tool),
      match: texts.add(rule.match),
      also: texts.add(rule.also),
    }));
    const kinds = (isCall ? book.kinds : []).map(({ name, tool, member }) => ({
      name,
      tool: this.#tools.add(tool),
      member: texts.add(member),
    }));
    return {
      rules: plannedRules,
      kinds,
      patterns: texts.size,
      screened: (text) => {
        const normal = normalText(text);
        return { ...normal, candidates: texts.candidatesIn(normal) };
      },
      screenedForNow: (text) => {
        const normal = normalText(text);
        return { ...normal, candidates: texts.candidatesForNow(normal) };
      },
    };
  }
}
