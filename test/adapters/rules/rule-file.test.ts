import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseRules, RuleFileRefused } from '../../../src/adapters/outbound/rules/rule-file.ts';
import { readRules, starterRules } from '../../../src/adapters/outbound/rules/rule-store.ts';

/** The sentences that a file of these rules is refused with. */
function problemsOf(text: string): readonly string[] {
  try {
    parseRules('own.yaml', text);
  } catch (error) {
    if (error instanceof RuleFileRefused) return error.problems;
    throw error;
  }
  return expect.fail('the file was taken');
}

const rule = (members: string): string => `starter: false\n\nrules:\n  - id: a.rule\n    ${members}\n`;
const RIGHT = 'code: M3\n    reason: Because';

describe('a file of rules is refused, with its line and its rule,', () => {
  const cases: ReadonlyArray<readonly [name: string, text: string, problem: RegExp]> = [
    ['when it is no YAML', 'rules: [', /^own\.yaml:\d+: /],
    ['when it is something else', '- 1', /^own\.yaml:1: .*object/],
    ['when it has no rules', 'starter: true', /^own\.yaml:1: rules /],
    [
      'when it has a member that there is not',
      rule(`${RIGHT}\n    matches: a`),
      /^own\.yaml:4: rule a\.rule: .*matches/,
    ],
    [
      'when a code is none',
      rule('code: M1\n    reason: x\n    match: a'),
      /^own\.yaml:5: rule a\.rule: code must be M0/,
    ],
    ['when a reason is missing', rule('code: M3\n    match: a'), /^own\.yaml:4: rule a\.rule: reason /],
    [
      'when a pattern is none',
      rule(`${RIGHT}\n    match: 'a('`),
      /^own\.yaml:7: rule a\.rule: match is no regular expression/,
    ],
    [
      'when one of several patterns is none',
      rule(`${RIGHT}\n    match:\n      - a\n      - '['`),
      /^own\.yaml:9: rule a\.rule: match\.1 is no/,
    ],
    [
      'when a pattern looks ahead',
      rule(`${RIGHT}\n    match: 'a(?=b)'`),
      /rule a\.rule: match is no regular expression of RE2/,
    ],
    [
      'when a pattern refers back',
      rule(`${RIGHT}\n    match: '(a)\\1'`),
      /rule a\.rule: match is no regular expression of RE2/,
    ],
    [
      'when a pattern has capitals',
      rule(`${RIGHT}\n    match: 'DROP TABLE'`),
      /rule a\.rule: match is written with capitals/,
    ],
    ['when a pattern is empty', rule(`${RIGHT}\n    match: ''`), /rule a\.rule: match is empty/],
    [
      'when a pattern is too long',
      rule(`${RIGHT}\n    match: '${'a'.repeat(2_001)}'`),
      /match is longer than 2000/,
    ],
    [
      'when counted repeats cost too much',
      rule(`${RIGHT}\n    match: '([a-z]{30}x?){60}'`),
      /match is (too costly|no regular)/,
    ],
    ['when it asks nothing', rule(RIGHT), /^own\.yaml:4: rule a\.rule: must ask something/],
    [
      'when it uses what is not defined',
      rule(`${RIGHT}\n    match: '{{cmd}}x'`),
      /match is written with {{cmd}}/,
    ],
    [
      'when it speaks of a kind that there is not',
      rule(`${RIGHT}\n    kind: shell`),
      /^own\.yaml:4: rule a\.rule: there is no kind shell/,
    ],
    [
      'when an id stands twice',
      `${rule(`${RIGHT}\n    match: a`)}  - { id: a.rule, code: M2, reason: x, match: b }\n`,
      /^own\.yaml:8: rule a\.rule: there is another/,
    ],
    [
      'when it has an alias',
      'rules:\n  - &a { id: a, code: M2, reason: x, match: b }\n  - *a',
      /^own\.yaml: .*alias/i,
    ],
    [
      'when it has too many rules',
      `rules:\n${Array.from({ length: 501 }, (_, at) => `  - { id: r${at}, code: M2, reason: x, tool: a }\n`).join('')}`,
      /^own\.yaml:\d+: rules .*500/,
    ],
    ['when it is too large', `# ${'x'.repeat(262_144)}`, /^own\.yaml is larger than 262144 bytes/],
  ];
  for (const [name, text, problem] of cases) {
    it(name, () => {
      expect(problemsOf(text)[0]).to.match(problem).and.match(/\.$/);
    });
  }

  it('with every mistake at once', () => {
    expect(problemsOf(rule("code: M9\n    reason: ''\n    match: '('"))).to.have.length(3);
  });
});

describe('a file of rules', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const written = (text: string): string => {
    const path = join(folder, 'rules.yaml');
    writeFileSync(path, text);
    return path;
  };

  it('goes before the starter’s rules, and may speak of their kinds', () => {
    const path = written('rules:\n  - { id: own, code: M2, reason: x, kind: shell, match: make }\n');
    const { rules } = readRules(path);
    expect(rules[0]).to.include({ id: 'own', origin: `${path}:2` });
    expect(rules).to.have.length(starterRules().rules.length + 1);
  });

  it('stands alone where it says so', () => {
    expect(readRules(written('starter: false\nrules: []\n')).rules).to.deep.equal([]);
  });

  it('is refused with its name when it cannot be read', () => {
    expect(() => readRules(join(folder, 'none.yaml'))).to.throw(
      RuleFileRefused,
      /none\.yaml cannot be read \(ENOENT\)/,
    );
    expect(() => readRules(folder)).to.throw(RuleFileRefused, /cannot be read/);
  });

  it('is not needed', () => {
    expect(readRules(undefined).rules).to.have.length.greaterThan(30);
  });
});
