import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

const KILLER = pathToFileURL(join(import.meta.dirname, '../support/programs/kill-store-thread.ts'));
/** Exit code of a command that something is out of reach for. */
const OUT_OF_REACH = 3;
/** What the end of such a server may take, in milliseconds: not the grace of an ordered stop, and far more than it needs. */
const GONE_WITHIN_MS = 15_000;

describe('a server whose store has died under it', () => {
  it('ends, says why, and goes on from what is stored at its next start', async () => {
    const wish = join(temporaryFolder(), 'end-it');
    const first = await RunningServer.start(['--demo', '--model-pace', '20'], undefined, {
      NODE_OPTIONS: `--import ${KILLER}`,
      END_STORE_THREAD: wish,
    });
    const user = await ApiClient.login(first.urls, 'user1', 'User1@123');
    const chat = await user.createChat();
    const reader = await user.start(chat, 'Hello');
    expect(await reader.until(({ text }) => text.length > 20)).to.equal(true);
    const gone = first.gone();
    const sinceMs = performance.now();
    writeFileSync(wish, '');
    expect(await gone).to.equal(OUT_OF_REACH);
    expect(performance.now() - sinceMs).to.be.lessThan(GONE_WITHIN_MS);
    expect(first.output).to.contain('the store is lost');
    const next = await RunningServer.start(['--demo'], first.data);
    try {
      const again = await ApiClient.login(next.urls, 'user1', 'User1@123');
      const resumed = await again.resume(chat);
      expect((await resumed.toEnd())?.data.code).to.equal('stream.interrupted');
      expect(resumed.text.startsWith(reader.text)).to.equal(true);
      const { code, stdout } = await holdfast(['doctor', '--data', next.data]);
      expect(code, stdout).to.equal(0);
    } finally {
      await next.dispose();
    }
  });
});
