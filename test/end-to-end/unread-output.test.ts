import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { childEnvironment } from '../support/child-environment.ts';

const HOLDFAST = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url));

describe('output that nobody reads', () => {
  for (const words of [['--help'], ['serve', '--help'], ['check-config']]) {
    it(`does not end holdfast ${words.join(' ')} in an error`, async () => {
      const child = spawn(process.execPath, [HOLDFAST, ...words], { env: childEnvironment({}) });
      child.stdout.destroy();
      const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
      expect([code, said]).to.deep.equal([0, '']);
    });
  }

  it('leaves a wrong usage its exit code where its sentence goes to nobody', async () => {
    const child = spawn(process.execPath, [HOLDFAST, 'nonsense'], { env: childEnvironment({}) });
    child.stderr.destroy();
    child.stdout.resume();
    const [code] = await once(child, 'exit');
    expect(code).to.equal(2);
  });
});
