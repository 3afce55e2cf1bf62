import MiniSearch from 'minisearch';
import type { Passage } from './passages.ts';

/** Most distinct words of a question that are looked up; the first ones count. */
const MAX_QUERY_TERMS = 32;
/** Longest word that is looked up, in UTF-16 code units; what is longer is no word of the handbook. */
const MAX_TERM_LENGTH = 40;
/** Longest part of a question that is read for words, in UTF-16 code units. */
const MAX_QUESTION_LENGTH = 4_000;
/** Most passages that one question finds. */
const MAX_HITS = 24;
/** Share of a word's letters that a typing mistake may have changed. */
const FUZZINESS = 0.2;

/** Shortest word that is cut to its stem, in UTF-16 code units. */
const MIN_INFLECTED_LENGTH = 5;
/** English endings; with them gone, `resume`, `resumes`, `resumed` and `resuming` are one word. */
const ENDING = /(?:ing|ed|es|s|e)$/;

const WORD_BREAK = /[^\p{L}\p{N}_]+/u;
const STOP_WORDS = new Set(
  'a about all am an and any are as at be been but by can could did do does explain for from get give got had has have how i if in into is it its just know let made make me mean means much my need no not of on or please say should show so some tell than that the their them then there these they this to use using want was we were what when where which who why will with work works would yes you your'.split(
    ' ',
  ),
);

/** How much more a word weighs in a heading than in the text below it. */
const HEADING_BOOST = 4;
/** How much a passage's document weighs: answers before overviews, prose before reasons, tables of settings last. */
const DOCUMENT_WEIGHTS: readonly (readonly [prefix: string, weight: number])[] = [
  ['docs/QUESTIONS.md', 2],
  ['built-in', 1.5],
  ['README.md', 1.2],
  ['docs/CONFIGURATION.md', 0.4],
  ['docs/adr/', 0.4],
];

/** The handbook's full-text index. The same question always finds the same passages in the same order. */
export class HandbookIndex {
  readonly #search: MiniSearch<Passage>;
  readonly #passages: ReadonlyMap<string, Passage>;

  constructor(passages: readonly Passage[]) {
    this.#passages = new Map(passages.map((passage) => [passage.id, passage]));
    this.#search = new MiniSearch<Passage>({
      idField: 'id',
      fields: ['heading', 'text'],
      tokenize: wordsOf,
      processTerm: foldTerm,
    });
    this.#search.addAll([...this.#passages.values()]);
  }

  /** Passages that share words with the question, best first; none when it shares none. */
  find(question: string): readonly Passage[] {
    const terms = new Set<string>();
    for (const word of wordsOf(question.slice(0, MAX_QUESTION_LENGTH))) {
      const term = foldTerm(word);
      if (term !== null) terms.add(term);
      if (terms.size === MAX_QUERY_TERMS) break;
    }
    return this.#search
      .search([...terms].join(' '), {
        boost: { heading: HEADING_BOOST },
        boostDocument: (id: string) => weightOf(id),
        prefix: (term) => term.length > 3,
        fuzzy: (term) => (term.length > 4 ? FUZZINESS : false),
      })
      .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1))
      .slice(0, MAX_HITS)
      .flatMap((hit) => this.#passages.get(hit.id) ?? []);
  }
}

const weightOf = (id: string): number => DOCUMENT_WEIGHTS.find(([prefix]) => id.startsWith(prefix))?.[1] ?? 1;

const wordsOf = (text: string): string[] => text.normalize('NFKC').split(WORD_BREAK);

function foldTerm(word: string): string | null {
  const term = word.toLowerCase();
  if (term.length < 2 || term.length > MAX_TERM_LENGTH || STOP_WORDS.has(term)) return null;
  return term.length < MIN_INFLECTED_LENGTH ? term : term.replace(ENDING, '');
}
