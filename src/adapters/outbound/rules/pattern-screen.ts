import type { RE2JS } from 're2js';
import { LiteralFinder } from './literal-finder.ts';
import { type Need, needOf } from './pattern-needs.ts';

/** Searches that are told apart: their numbers are small integers, which cost no memory wherever they are read. */
const MAX_SEARCHES = 2 ** 30;

/** What is needed, with literals by their numbers. */
type Condition =
  | { readonly kind: 'literal'; readonly number: number; readonly length: number }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] };

/** Literals of which one has to be there, and how telling it is that one is: the length of the shortest. */
interface Clue {
  readonly numbers: readonly number[];
  readonly weight: number;
}

/**
 * Tells of many patterns at once which of them a text can be without: those that need a literal which it has not. What is
 * left may still not be found in it. One look at each character of the text decides.
 */
export class PatternScreen {
  readonly #finder: LiteralFinder;
  readonly #conditions: ReadonlyArray<Condition | undefined>;
  /** Patterns that nothing is known of: any text may have them. */
  readonly #always: readonly number[];
  /** For each literal the patterns that are looked at when it is there. */
  readonly #calls: ReadonlyArray<readonly number[]>;
  /** The search in which each literal was found, and each pattern looked at, last. */
  readonly #foundIn: Int32Array;
  readonly #calledIn: Int32Array;
  #searches = 0;

  constructor(patterns: readonly RE2JS[]) {
    const needs = patterns.map(needOf);
    this.#finder = new LiteralFinder(needs.flatMap((need) => (need === undefined ? [] : literalsOf(need))));
    this.#conditions = needs.map((need) => need && conditionOf(need, this.#finder));
    const calls: number[][] = Array.from({ length: this.#finder.size }, () => []);
    const always: number[] = [];
    for (const [pattern, condition] of this.#conditions.entries()) {
      if (condition === undefined) always.push(pattern);
      else for (const number of new Set(clueOf(condition).numbers)) calls[number]?.push(pattern);
    }
    this.#always = always;
    this.#calls = calls;
    this.#foundIn = new Int32Array(this.#finder.size);
    this.#calledIn = new Int32Array(patterns.length);
  }

  /** Adds `bit` to what `candidates` has for each pattern, by its place, that may be found in the text. */
  mark(text: string, bit: number, candidates: Uint8Array): void {
    const [always, foundIn] = [this.#always, this.#foundIn];
    for (let at = 0; at < always.length; at += 1) add(bit, candidates, always[at] ?? 0);
    const count = this.#finder.find(text);
    if (count === 0) return;
    const { found } = this.#finder;
    const search = this.#nextSearch();
    for (let at = 0; at < count; at += 1) foundIn[found[at] ?? 0] = search;
    for (let at = 0; at < count; at += 1) this.#call(this.#calls[found[at] ?? 0] ?? [], bit, candidates);
  }

  #call(patterns: readonly number[], bit: number, candidates: Uint8Array): void {
    for (let at = 0; at < patterns.length; at += 1) {
      const pattern = patterns[at] ?? 0;
      if (this.#calledIn[pattern] === this.#searches) continue;
      this.#calledIn[pattern] = this.#searches;
      if (this.#holds(this.#conditions[pattern])) add(bit, candidates, pattern);
    }
  }

  #nextSearch(): number {
    if (this.#searches === MAX_SEARCHES) {
      this.#foundIn.fill(0);
      this.#calledIn.fill(0);
      this.#searches = 0;
    }
    this.#searches += 1;
    return this.#searches;
  }

  #holds(condition: Condition | undefined): boolean {
    if (condition === undefined) return true;
    if (condition.kind === 'literal') return this.#foundIn[condition.number] === this.#searches;
    for (const part of condition.of) {
      if (this.#holds(part) !== (condition.kind === 'all')) return condition.kind === 'any';
    }
    return condition.kind === 'all';
  }
}

function add(bit: number, candidates: Uint8Array, pattern: number): void {
  candidates[pattern] = (candidates[pattern] ?? 0) | bit;
}

const literalsOf = (need: Need): readonly string[] =>
  need.kind === 'literal' ? [need.literal] : need.of.flatMap(literalsOf);

/** Undefined where literals that nobody looks for leave nothing that could be asked. */
function conditionOf(need: Need, finder: LiteralFinder): Condition | undefined {
  if (need.kind === 'literal') {
    const number = finder.numberOf(need.literal);
    return number === undefined ? undefined : { kind: 'literal', number, length: need.literal.length };
  }
  const parts = need.of.map((part) => conditionOf(part, finder));
  const of = parts.filter((part) => part !== undefined);
  if (of.length === 0 || (need.kind === 'any' && of.length < parts.length)) return undefined;
  return { kind: need.kind, of };
}

/** Of what has to hold, the part whose literals are the longest: the rarer they are, the less is looked at in vain. */
function clueOf(condition: Condition): Clue {
  if (condition.kind === 'literal') return { numbers: [condition.number], weight: condition.length };
  const clues = condition.of.map(clueOf);
  if (condition.kind === 'all')
    return clues.reduce((best, clue) => (clue.weight > best.weight ? clue : best));
  return {
    numbers: clues.flatMap(({ numbers }) => numbers),
    weight: Math.min(...clues.map(({ weight }) => weight)),
  };
}
