import { expect } from 'chai';
import fc from 'fast-check';
import {
  cutToBytes,
  utf8Length,
  WholeCharacters,
} from '../../../../src/application/streaming/engine/whole-characters.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });

describe('whole characters', () => {
  it('pass on the same text however it is cut, and no piece ends inside a character', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(40), { maxLength: 10 }), (whole, cuts) => {
        const marks = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort(
          (a, b) => a - b,
        );
        const characters = new WholeCharacters();
        const pieces = marks.map((mark, index) => characters.push(whole.slice(marks[index - 1] ?? 0, mark)));
        pieces.push(characters.flush());
        expect(pieces.join('')).to.equal(whole.toWellFormed());
        expect(pieces.every((piece) => piece.isWellFormed())).to.equal(true);
      }),
    );
  });

  it('are counted as UTF-8 counts them', () => {
    fc.assert(
      fc.property(text, (sample) => {
        const wellFormed = sample.toWellFormed();
        expect(utf8Length(wellFormed)).to.equal(Buffer.byteLength(wellFormed));
      }),
    );
  });

  it('are cut to the longest beginning that fits', () => {
    fc.assert(
      fc.property(text, fc.nat(60), (sample, maxBytes) => {
        const wellFormed = sample.toWellFormed();
        const cut = cutToBytes(wellFormed, maxBytes);
        const [next = ''] = wellFormed.slice(cut.length);
        expect(wellFormed.startsWith(cut) && cut.isWellFormed()).to.equal(true);
        expect(Buffer.byteLength(cut)).to.be.at.most(maxBytes);
        if (next !== '')
          expect(
            Buffer.byteLength(
              [...wellFormed.slice(0, cut.length + 2)].slice(0, [...cut].length + 1).join(''),
            ),
          ).to.be.above(maxBytes);
      }),
    );
  });
});
