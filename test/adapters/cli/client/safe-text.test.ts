import { expect } from 'chai';
import fc from 'fast-check';
import { safeText } from '../../../../src/adapters/inbound/cli/client/safe-text.ts';
import { Terminal } from '../../../../src/adapters/inbound/cli/client/terminal.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';

const HOSTILE = 'a\u001b[2Jb\u202ec\u200bd\u2066e\rf\u{e0041}g\u009bh\ufeffi';
const SHOWN = 'a\\u{1b}[2Jb\\u{202e}c\\u{200b}d\\u{2066}e\\u{d}f\\u{e0041}g\\u{9b}h\\u{feff}i';

describe('foreign text', () => {
  it('shows control, bidi and invisible characters as escapes', () => {
    expect(safeText(HOSTILE)).to.equal(SHOWN);
  });

  it('leaves newline, tab, letters and pictures alone', () => {
    expect(safeText('Grüße,\n\t世界 🌊')).to.equal('Grüße,\n\t世界 🌊');
  });

  it('keeps what joins pictures and letters, and escapes it where it joins nothing', () => {
    const joined = '❤️ 👩‍💻 👍🏽 1️⃣ می‌خواهم क्‍ष مرحبا';
    expect(safeText(joined)).to.equal(joined);
    expect(safeText('pay\u200dpal\u200c \ufe0f👩\u200d')).to.equal(
      'pay\\u{200d}pal\\u{200c} \\u{fe0f}👩\\u{200d}',
    );
  });

  it('never lets a control or format character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeText(text)).to.not.match(/(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });

  it('is escaped on a terminal and left as it is in a pipe', async () => {
    for (const isTTY of [true, false]) {
      const io = new FakeCommandIo();
      io.stdout.isTTY = isTTY;
      await new Terminal(io).show(HOSTILE);
      expect(io.stdout.text).to.equal(isTTY ? SHOWN : HOSTILE);
    }
  });

  it('is escaped in talk, wherever that goes', () => {
    const io = new FakeCommandIo();
    new Terminal(io).say(HOSTILE);
    expect(io.stderr.text).to.equal(`${SHOWN}\n`);
  });

  it('stands on a line of its own when an answer shares the terminal with it', async () => {
    const io = new FakeCommandIo();
    io.stdout.isTTY = true;
    io.stderr.isTTY = true;
    const terminal = new Terminal(io);
    await terminal.show('half an ans');
    terminal.say('[cut]');
    terminal.say('[again]');
    await terminal.show('wer\n');
    terminal.say('[end]');
    expect(io.stderr.text).to.equal('\n[cut]\n[again]\n[end]\n');
  });
});
