import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { holdfast } from '../support/holdfast-command.ts';

describe('a command that is used wrongly', function () {
  this.timeout(30_000);

  for (const [what, args, sentence, help] of [
    ['another flag', ['serve', '--chat-prot', '1'], "unknown option '--chat-prot'", 'holdfast serve'],
    ['another command', ['chta'], "unknown command 'chta'", 'holdfast'],
    ['too few words', ['user', 'create', 'ann'], "missing required argument 'email'", 'holdfast user create'],
  ] as const) {
    it(`says what is wrong, and which help tells what is right (${what})`, async () => {
      const { code, stdout, stderr } = await holdfast(args);
      expect([code, stdout]).to.deep.equal([2, '']);
      expect(stderr)
        .to.match(/^holdfast: /)
        .and.contain(sentence);
      expect(stderr).to.contain(`(${help} --help tells what there is)`);
    });
  }

  it('names the form of a key’s id before it looks for a store', async () => {
    const { code, stderr } = await holdfast(['keys', 'revoke', 'abc', '--data', '/nowhere']);
    expect([code, stderr]).to.deep.equal([
      2,
      'holdfast: abc is no id of a key: it is the 12 characters between hf_ and the next _.\n',
    ]);
  });

  it('ends each sentence once, also where a folder has no store', async () => {
    const { code, stderr } = await holdfast(['audit', '--data', '/nowhere']);
    expect(code).to.equal(3);
    expect(stderr).to.match(/There is no Holdfast store in \/nowhere\.\n$/);
  });

  it('learns at once that a server speaks no TLS', async () => {
    const plain = createServer().listen(0, '127.0.0.1');
    await once(plain, 'listening');
    try {
      const url = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
      const { code, stdout, stderr } = await holdfast(['chat', 'hello', '--url', url]);
      expect([code, stdout, stderr]).to.deep.equal([
        3,
        '',
        `${url} speaks no TLS: write http:// in place of https://\n`,
      ]);
    } finally {
      plain.close();
    }
  });

  it('says in a sentence that the server of a folder has broken off in the middle of an act', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
    const breaking = createServer((_, response) => response.destroy()).listen(join(folder, 'operator.sock'));
    await once(breaking, 'listening');
    try {
      const { code, stdout, stderr } = await holdfast(['user', 'list', '--data', folder]);
      expect([code, stdout]).to.deep.equal([3, '']);
      expect(stderr).to.equal(
        `holdfast: The server on the data folder ${folder} has not answered to the end; what was asked may have been done.\n`,
      );
    } finally {
      breaking.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('can be read about on a terminal of 80 columns', async () => {
    for (const command of ['serve', 'check-config', 'migrate', 'mux']) {
      const { stdout } = await holdfast([command, '--help']);
      const flagsApart = stdout.split('\n').filter((line) => !/^ {2}\$ /.test(line));
      expect(Math.max(...flagsApart.map((line) => line.length)), command).to.be.at.most(80);
    }
  });
});
