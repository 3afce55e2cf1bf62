import { expect } from 'chai';
import { type Need, needOf } from '../../../src/adapters/outbound/rules/pattern-needs.ts';
import { RuleClassifier } from '../../../src/adapters/outbound/rules/rule-classifier.ts';
import { starterRules } from '../../../src/adapters/outbound/rules/rule-store.ts';
import { toolRequest } from '../../contracts/event-classifier.ts';

/** The largest message that the wire takes, in characters. */
const LARGE_CHARACTERS = 4_194_304;
/** Input four times as long may take this many times as long: four, and what caches and the collector add. */
const MAX_GROWTH = 8;
/** Longest time of the largest event, in milliseconds. */
const MAX_MS = 60_000;

const book = starterRules();
const classifier = new RuleClassifier(book);
const literalsOf = (need: Need | undefined): readonly string[] => {
  if (need === undefined) return [];
  return need.kind === 'literal' ? [need.literal] : need.of.flatMap(literalsOf);
};
/** What any pattern needs: with it in the text, none of them is spared. */
const NEEDED = book.rules.flatMap(({ match, also }) =>
  [...(match ?? []), ...(also ?? [])].flatMap((pattern) => literalsOf(needOf(pattern))),
);
const filled = (piece: string, characters: number): string =>
  piece.repeat(Math.ceil(characters / piece.length)).slice(0, characters);

/** What engines that try again, and rules that look around, are slow on. */
const HOSTILE: Readonly<Record<string, string>> = {
  'one letter': 'a',
  'the beginning of every command': 'curl wget | rm -rf dd of= chmod chown crontab base64 psql ',
  'quotes and escapes': '\\"\'`$\\',
  'open braces': '{a,{',
  'open comments': '/*',
  'dots and slashes': '/../',
  'lists of lists': '[[',
  'look-alikes': 'рм',
  blanks: ' \t',
  'lines without end': '\n@path\n',
  'an update without end': 'update t set w',
  'all that rules look for': [...new Set(NEEDED)].join(' '),
};

/** Time that the processor gave to it, in milliseconds: what else the machine does is not counted. */
async function msOf(text: string): Promise<number> {
  const before = process.cpuUsage();
  const event = toolRequest('frobnicate', text);
  const found = await classifier.classify(event, new AbortController().signal);
  expect(found.kind).to.equal('classified');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

describe('hostile input of 4 MiB is classified in linear time', function () {
  this.timeout(300_000);

  for (const [name, piece] of Object.entries(HOSTILE)) {
    it(name, async () => {
      await msOf(filled(piece, LARGE_CHARACTERS / 16));
      const quarter = await msOf(filled(piece, LARGE_CHARACTERS / 4));
      const whole = await msOf(filled(piece, LARGE_CHARACTERS));
      expect(whole).to.be.lessThan(MAX_MS);
      expect(whole / Math.max(quarter, 50)).to.be.lessThan(MAX_GROWTH);
    });
  }

  it('and other work goes on meanwhile', async () => {
    let turns = 0;
    const count = setInterval(() => {
      turns += 1;
    }, 1);
    await msOf(filled('curl wget | rm -rf dd of= ', LARGE_CHARACTERS));
    clearInterval(count);
    expect(turns).to.be.greaterThan(20);
  });
});
