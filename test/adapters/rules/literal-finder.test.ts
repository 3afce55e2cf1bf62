import { expect } from 'chai';
import fc from 'fast-check';
import { LiteralFinder } from '../../../src/adapters/outbound/rules/literal-finder.ts';

const foundIn = (finder: LiteralFinder, text: string): readonly number[] => {
  const count = finder.find(text);
  return [...finder.found.subarray(0, count)];
};

/** What `find` is held to: the literals that the text includes. */
function expectFound(literals: readonly string[], text: string): void {
  const finder = new LiteralFinder(literals);
  const found = foundIn(finder, text);
  for (const literal of new Set(literals)) {
    const number = finder.numberOf(literal);
    if (number !== undefined) expect(found.includes(number), literal).to.equal(text.includes(literal));
  }
  expect(new Set(found).size, 'each is told once').to.equal(found.length);
}

/** Few letters, so that literals begin, end and contain each other. */
const word = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\n'), maxLength });

describe('the literals of a text', function () {
  this.timeout(60_000);

  it('are found, whatever they share', () => {
    fc.assert(
      fc.property(fc.array(word(5), { maxLength: 12 }), word(40), (literals, text) => {
        expectFound(literals, text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are found among characters of any kind', () => {
    const any = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), fc.array(any, { maxLength: 8 }), (literals, parts) => {
        expectFound(literals, [...parts, ...literals.slice(0, 2)].join(''));
      }),
      { numRuns: 500 },
    );
  });

  it('are told again by the next search', () => {
    const finder = new LiteralFinder(['he', 'she', 'hers']);
    const names = (text: string) =>
      ['he', 'she', 'hers'].filter((name) => foundIn(finder, text).includes(finder.numberOf(name) ?? -1));
    expect(names('ushers')).to.deep.equal(['he', 'she', 'hers']);
    expect(names('us')).to.deep.equal([]);
    expect(names('ushers')).to.deep.equal(['he', 'she', 'hers']);
  });

  it('are not looked for where there is no room for more', () => {
    const literals = Array.from({ length: 200_000 }, (_, number) => `literal ${number}`);
    const finder = new LiteralFinder(literals);
    expect(finder.size).to.be.greaterThan(10_000).and.to.be.lessThan(literals.length);
    expect(finder.numberOf('literal 0')).to.equal(0);
    expect(finder.numberOf('literal 199999')).to.equal(undefined);
    const letters = Array.from({ length: 400 }, (_, number) => String.fromCharCode(0x4e00 + number));
    const found = new LiteralFinder(letters);
    expect(found.size).to.equal(255);
    expect(found.numberOf(letters[399] ?? '')).to.equal(undefined);
  });

  it('cost the same however many of them end in one place', () => {
    const finder = new LiteralFinder(Array.from({ length: 2_000 }, (_, length) => 'a'.repeat(length + 1)));
    const text = 'a'.repeat(4_194_304);
    const before = process.cpuUsage();
    expect(finder.find(text)).to.equal(finder.size);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e3).to.be.lessThan(2_000);
  });
});
