import { expect } from 'chai';
import fc from 'fast-check';
import { safeText } from '../../../src/adapters/inbound/cli/client/safe-text.ts';
import { settledLength, visibleText } from '../../../src/adapters/inbound/web/browser/text/foreign-text.js';

const treacherous = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u{202e}',
      '\u{2066}',
      '\u{200d}',
      '\u{fe0f}',
      '\u{200b}',
      '\0',
      '\u{1b}',
      ' ',
      '\n',
      '\t',
    ),
    fc.constantFrom('👩', '💻', '❤', '🏽', 'ب', 'न', '1', 'a', '<', '\u{e0041}', '\u{feff}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

describe('foreign text in the page', () => {
  it('shows what reorders or hides as an escape', () => {
    expect(visibleText('user\u{202e}nimda\u{202c}')).to.equal('user\\u{202e}nimda\\u{202c}');
    expect(visibleText('a\u{200b}b\u{ad}c\0')).to.equal('a\\u{200b}b\\u{ad}c\\u{0}');
  });

  it('keeps the lines of any system, tabs, and what joins pictures', () => {
    expect(visibleText('a\r\n\tb 👩‍💻 ❤️')).to.equal('a\n\tb 👩‍💻 ❤️');
  });

  it('is what a terminal would be shown', () => {
    fc.assert(
      fc.property(treacherous, (text) => {
        expect(visibleText(text)).to.equal(safeText(text.replaceAll('\r\n', '\n')));
      }),
    );
  });

  it('reads the same in two pieces where it is settled', () => {
    fc.assert(
      fc.property(treacherous, (text) => {
        const cut = settledLength(text);
        expect(visibleText(text.slice(0, cut)) + visibleText(text.slice(cut))).to.equal(visibleText(text));
      }),
    );
  });
});
