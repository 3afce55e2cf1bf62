import { expect } from 'chai';
import { foldName } from '../../../src/domain/identity/user.ts';

/** Every character that a name can hold: the code points that are no surrogates. */
function* characters(): Generator<string> {
  for (let point = 0x20; point <= 0x10ffff; point += 1) {
    if (point < 0xd800 || point > 0xdfff) yield String.fromCodePoint(point);
  }
}

describe('the folding of names', () => {
  for (const [one, other] of [
    ['Ada', 'aDA'],
    ['ａｄａ', 'ada'],
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδος', 'οδοσ'],
    ['alıce', 'alice'],
    ['e\u0301', 'É'],
  ] as const) {
    it(`takes ${one} and ${other} for one name`, () => expect(foldName(one)).to.equal(foldName(other)));
  }

  it('keeps letters apart that differ by more than case', () => {
    expect(foldName('é')).not.to.equal(foldName('e'));
    expect(foldName('о'), 'the Cyrillic letter').not.to.equal(foldName('o'));
  });

  it('takes every character and its other case for one, and folds what is folded to itself', function () {
    this.timeout(30_000);
    const broken: string[] = [];
    for (const character of characters()) {
      const folded = foldName(character);
      const same =
        foldName(folded) === folded &&
        foldName(character.toUpperCase()) === folded &&
        foldName(character.toLowerCase()) === folded;
      if (!same) broken.push(character);
    }
    expect(broken).to.deep.equal([]);
  });
});
