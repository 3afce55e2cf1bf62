import { expect } from 'chai';
import { holdfast } from '../support/holdfast-command.ts';

/** Clears a screen and turns the rest of the line around. */
const HOSTILE = 'a\u001b[2J\u202eb';

describe('an argument that would write on the terminal', function () {
  this.timeout(30_000);

  for (const args of [
    [HOSTILE],
    ['serve', `--${HOSTILE}`],
    ['serve', '--host', HOSTILE],
    ['serve', '--config', HOSTILE],
    ['user', 'role', 'somebody', HOSTILE],
    ['doctor', '--data', HOSTILE],
  ]) {
    it(`is repeated with escapes (holdfast ${args.join(' ').replace(HOSTILE, '…')})`, async () => {
      const { code, stdout, stderr } = await holdfast(args);
      expect(code).to.be.greaterThan(0);
      expect(stderr).to.contain('a\\u{1b}[2J\\u{202e}b');
      expect(stdout + stderr).not.to.match(/\p{Cf}|(?!\n)\p{Cc}/u);
    });
  }
});
