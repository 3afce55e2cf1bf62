import { expect } from 'chai';
import fc from 'fast-check';
import { MIN_ANSWER_TOKENS } from '../../../src/adapters/outbound/handbook/compose-answer.ts';
import { CORE_TEXT } from '../../../src/adapters/outbound/handbook/core-text.ts';
import { splitPassages } from '../../../src/adapters/outbound/handbook/passages.ts';
import { countTokens, splitTokens } from '../../../src/adapters/outbound/handbook/tokens.ts';

describe('splitPassages', () => {
  it('names each passage by the headings above it', () => {
    const passages = splitPassages('a.md', '# One\nfirst\n## Two\nsecond\n### Three\nthird\n## Four\nfourth');
    expect(passages.map(({ heading, text }) => [heading, text])).to.deep.equal([
      ['One', 'first'],
      ['One › Two', 'second'],
      ['One › Two › Three', 'third'],
      ['One › Four', 'fourth'],
    ]);
  });

  it('takes a comment in a code block for code, not for a heading', () => {
    const passages = splitPassages('a.md', '# Run\n```sh\n# install\nnpm ci\n```');
    expect(passages.map(({ text }) => text)).to.deep.equal(['    # install\n    npm ci']);
  });

  it('splits what is long between paragraphs, table rows and words, and loses no word', () => {
    const words = Array.from({ length: 700 }, (_, number) => `w${number}`);
    const rows = words.map((word) => `| ${word} |`).join('\n');
    for (const text of [words.join(' '), words.join('\n\n'), rows]) {
      const passages = splitPassages('a.md', text);
      expect(passages.length).to.be.greaterThan(2);
      for (const passage of passages) expect(countTokens(passage.text)).to.be.at.most(220);
      expect(passages.flatMap((passage) => passage.text.match(/w\d+/g) ?? [])).to.deep.equal(words);
    }
  });

  it('has a built-in text that alone is long enough for an answer', () => {
    const tokens = splitPassages('built-in', CORE_TEXT).reduce((sum, { text }) => sum + countTokens(text), 0);
    expect(tokens).to.be.at.least(MIN_ANSWER_TOKENS);
  });
});

describe('splitTokens', () => {
  it('gives tokens that joined are the text, none of them empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(splitTokens(text).join('')).to.equal(text);
        expect(splitTokens(text)).to.not.include('');
      }),
    );
  });

  it('splits a word after twelve code points and never within one', () => {
    expect(splitTokens(`a ${'😀'.repeat(13)} `)).to.deep.equal(['a', ` ${'😀'.repeat(12)}`, '😀', ' ']);
  });
});
