import { expect } from 'chai';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { argumentLines } from '../../../src/adapters/outbound/rules/argument-lines.ts';
import { normalText } from '../../../src/adapters/outbound/rules/normal-text.ts';
import { compilePattern } from '../../../src/adapters/outbound/rules/pattern.ts';
import { needOf } from '../../../src/adapters/outbound/rules/pattern-needs.ts';
import { PatternScreen } from '../../../src/adapters/outbound/rules/pattern-screen.ts';
import { starterRules } from '../../../src/adapters/outbound/rules/rule-store.ts';
import { BENIGN_CALLS, BENIGN_RESULTS, INJECTED_RESULTS } from '../../support/benign-calls.ts';
import { DANGEROUS_DATA, DANGEROUS_SHELL, EVASIONS, LESS_USUAL } from '../../support/dangerous-calls.ts';

/** An expression, and texts that it is found in. */
interface Expression {
  readonly source: string;
  readonly match: fc.Arbitrary<string>;
}

/** Few letters, so that what one expression needs often stands in another's text. */
const LETTERS = ['a', 'b', 'c', 'é', '/', '\n'] as const;
const letter = fc.constantFrom(...LETTERS);
const anything = fc.string({ unit: letter, maxLength: 12 });

const literal = fc
  .string({ unit: letter, minLength: 1, maxLength: 16 })
  .map((text): Expression => ({ source: RE2JS.quote(text), match: fc.constant(text) }));
const one = fc.constantFrom<Expression>(
  { source: '[ab]', match: fc.constantFrom('a', 'b') },
  { source: '[^a]', match: fc.constantFrom('b', '/') },
  { source: '.', match: fc.constantFrom('a', 'é') },
  { source: '\\s', match: fc.constant('\n') },
  { source: '(?i:ab)', match: fc.constantFrom('ab', 'AB', 'aB') },
  { source: '\\x61', match: fc.constant('a') },
  { source: '(?m:^)', match: fc.constant('') },
  { source: '(?:)', match: fc.constant('') },
);

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    literal,
    one,
    fc.array(tie('expression'), { minLength: 1, maxLength: 4 }).map(
      (parts): Expression => ({
        source: parts.map(({ source }) => `(?:${source})`).join(''),
        match: fc.tuple(...parts.map(({ match }) => match)).map((texts) => texts.join('')),
      }),
    ),
    fc.array(tie('expression'), { minLength: 1, maxLength: 5 }).map(
      (parts): Expression => ({
        source: `(${parts.map(({ source }) => source).join('|')})`,
        match: fc.oneof(...parts.map(({ match }) => match)),
      }),
    ),
    fc.tuple(tie('expression'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,2}', '*?')).map(
      ([{ source, match }, times]): Expression => ({
        source: `(?:${source})${times}`,
        match: fc
          .array(match, { minLength: times === '{2}' ? 2 : 1, maxLength: 2 })
          .map((texts) => texts.join('')),
      }),
    ),
  ),
}));

function compiled(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source, RE2JS.MULTILINE);
  } catch {
    return undefined;
  }
}

/** What nobody may say of a text: that it cannot have what it has. */
function expectKept(patterns: readonly RE2JS[], screen: PatternScreen, text: string): number {
  const candidates = new Uint8Array(patterns.length);
  screen.mark(text, 1, candidates);
  for (const [at, pattern] of patterns.entries()) {
    if (candidates[at] === 0) expect(pattern.test(text), `${pattern.pattern()} in ${text}`).to.equal(false);
  }
  return candidates.reduce((sum, marked) => sum + marked, 0);
}

const book = starterRules();
const starter = [
  ...book.rules.flatMap(({ match, also, tool }) => [...(match ?? []), ...(also ?? []), ...(tool ?? [])]),
  ...book.kinds.flatMap(({ tool, member }) => [...(tool ?? []), ...(member ?? [])]),
];
const screen = new PatternScreen(starter);

const CALLS = [...DANGEROUS_SHELL, ...DANGEROUS_DATA, ...LESS_USUAL, ...EVASIONS, ...BENIGN_CALLS];
const TEXTS = [
  ...CALLS.flatMap(([tool, args]) => [tool, typeof args === 'string' ? args : JSON.stringify(args)]),
  ...BENIGN_RESULTS,
  ...INJECTED_RESULTS,
].flatMap((text) => {
  const { plain, shell } = normalText(argumentLines(text));
  return [plain, shell];
});

describe('a screen of patterns', function () {
  this.timeout(60_000);

  it('never rejects a text that a pattern is found in', function () {
    this.timeout(60_000);
    let kept = 0;
    fc.assert(
      fc.property(
        fc
          .array(expression, { minLength: 1, maxLength: 6 })
          .chain((parts) =>
            fc.tuple(
              fc.constant(parts.map(({ source }) => source)),
              fc.tuple(anything, fc.oneof(...parts.map(({ match }) => match)), anything),
            ),
          ),
        ([sources, parts]) => {
          const patterns = sources.map(compiled).filter((pattern) => pattern !== undefined);
          const text = parts.join('');
          const isFound = patterns.some((pattern) => needOf(pattern) !== undefined && pattern.test(text));
          if (isFound) kept += 1;
          expectKept(patterns, new PatternScreen(patterns), text);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(kept, 'texts in which something that was screened is found').to.be.greaterThan(600);
  });

  it('rejects none of the starter’s rules for any call of the tests, whole or in parts', function () {
    this.timeout(60_000);
    for (const [at, text] of [...new Set(TEXTS)].entries()) {
      expectKept(starter, screen, text);
      if (at % 4 === 0) expectKept(starter, screen, text.slice(0, (text.length * 2) / 3));
    }
  });

  it('rejects none for what is made of several of them', function () {
    this.timeout(60_000);
    const some = fc.array(fc.constantFrom(...TEXTS), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(some, fc.constantFrom('', ' ', '; ', ' | ', '\n@path\n'), (texts, between) => {
        expectKept(starter, screen, texts.join(between));
      }),
      { numRuns: 200 },
    );
  });

  it('leaves few patterns to be asked about an ordinary call', () => {
    const known = starter.filter((pattern) => needOf(pattern) !== undefined);
    expect(known.length).to.equal(starter.length);
    const left = expectKept(starter, screen, '\n@command\ngit log --since=monday --stat -- reports');
    expect(left).to.be.lessThan(starter.length / 8);
  });

  it('lets a pattern be asked whose literals found no room', () => {
    const many = Array.from({ length: 40 }, (_, at) =>
      Array.from({ length: 60 }, (_, other) => String.fromCharCode(0x4e00 + at * 60 + other)).join(''),
    );
    const sources = many.flatMap((word, at) => [
      `${word}|${many.at(-1 - at)}`,
      `${word}.*${many.at(-1 - at)}`,
    ]);
    const patterns = sources.map(compilePattern);
    const crowded = new PatternScreen(patterns);
    for (const [at, word] of many.entries()) {
      expectKept(patterns, crowded, word);
      expectKept(patterns, crowded, `${word} ${many.at(-1 - at)}`);
    }
  });
});
