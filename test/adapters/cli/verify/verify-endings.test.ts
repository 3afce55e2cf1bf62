import { expect } from 'chai';
import { runVerify } from '../../../../src/adapters/inbound/cli/verify/run-verify.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';
import { FaultyProxy } from '../../../support/faulty-proxy.ts';
import { LyingServer } from '../../../support/lying-server/lying-server.ts';

async function withServer(server: LyingServer, play: (url: string) => Promise<void>): Promise<void> {
  const url = await server.listen();
  try {
    await play(url);
  } finally {
    await server.close();
  }
}

describe('verify, in words and at its end', () => {
  it('shows each promise with a tick and what came', async () => {
    const io = new FakeCommandIo();
    await withServer(new LyingServer(), async (url) => {
      expect(await runVerify({ url }, io)).to.equal(0);
    });
    const lines = io.stdout.text.trimEnd().split('\n');
    expect(lines.slice(0, -1).filter((line) => !/^✔ [a-z]+\.[a-z_]+: ./.test(line))).to.deep.equal([]);
    expect(lines.at(-1)).to.equal(`All ${lines.length - 1} promises hold`);
    expect(io.stderr.text).to.equal('');
  });

  it('finds all promises kept also by a model that has answered before it could be stopped', async () => {
    const io = new FakeCommandIo();
    const server = new LyingServer();
    server.state.isFast = true;
    await withServer(server, async (url) => {
      expect(await runVerify({ url }, io), io.stdout.text).to.equal(0);
    });
    expect(io.stdout.text).to.contain('a second stream after the first had ended');
  });

  it('shows a broken promise with what was expected, and stops there', async () => {
    const io = new FakeCommandIo();
    await withServer(new LyingServer('tells a wrong digest'), async (url) => {
      expect(await runVerify({ url }, io)).to.equal(1);
    });
    const lines = io.stdout.text.trimEnd().split('\n');
    expect(lines.at(-2)).to.match(
      /^✘ stream\.digest: expected the text's SHA-256 in done; came [0-9a-f]{64}, but/,
    );
    expect(lines.at(-1)).to.equal('Broken: stream.digest');
  });

  it('tidies up also after a broken promise', async () => {
    const server = new LyingServer('lets a second stream run');
    await withServer(server, async (url) => {
      expect(await runVerify({ url }, new FakeCommandIo())).to.equal(1);
    });
    expect(server.state.chats.size).to.equal(0);
    expect(server.state.users.size).to.equal(2);
    expect(server.state.userNamed('user1')?.available).to.equal(3_000_000);
  });

  it('exits 3 when nothing listens', async () => {
    const io = new FakeCommandIo();
    const server = new LyingServer();
    const url = await server.listen();
    await server.close();
    expect(await runVerify({ url, json: true }, io)).to.equal(3);
    expect(JSON.parse(io.stdout.text)).to.deep.include({ ok: false, broken: null, steps: [] });
    expect(JSON.parse(io.stdout.text).trouble).to.contain('nothing listens there');
  });

  it('exits 3 and names what it could not remove when the server goes away in the middle', async () => {
    const io = new FakeCommandIo();
    await withServer(new LyingServer(), async (target) => {
      let isGone = false;
      const proxy = new FaultyProxy(target, ({ line }) => {
        isGone ||= line.startsWith('POST /api/auth/signup');
        return isGone ? [{ kind: 'refuse' }] : [];
      });
      const url = await proxy.listen();
      expect(await runVerify({ url, json: true }, io)).to.equal(3);
      await proxy.close();
    });
    const report = JSON.parse(io.stdout.text);
    expect(report.left).to.deep.equal([
      'the chat (unreachable)',
      'the credit lent to the user (unreachable)',
    ]);
  });

  it('takes 503 for no broken promise, and exits 3', async () => {
    const io = new FakeCommandIo();
    await withServer(new LyingServer(), async (target) => {
      const proxy = new FaultyProxy(target, ({ line }) =>
        line.endsWith('/balance') ? [{ kind: 'answer', status: 503, body: { detail: 'Not now' } }] : [],
      );
      const url = await proxy.listen();
      expect(await runVerify({ url, json: true }, io)).to.equal(3);
      await proxy.close();
    });
    expect(JSON.parse(io.stdout.text).trouble).to.equal('Not now');
  });

  it('tidies up at Ctrl-C and exits 130', async () => {
    const io = new FakeCommandIo();
    const server = new LyingServer();
    await withServer(server, async (url) => {
      const ended = runVerify({ url }, io);
      await io.stdout.until('outsider.signed_up');
      io.interrupt();
      expect(await ended).to.equal(130);
    });
    expect(io.stdout.text).to.contain('Interrupted').and.to.not.contain('chat.deleted');
    expect(server.state.chats.size).to.equal(0);
    expect(server.state.users.size).to.equal(2);
  });

  it('asks who is meant when the server is not on this machine', async () => {
    const io = new FakeCommandIo();
    const url = 'https://holdfast.invalid';
    expect(await runVerify({ url }, io)).to.equal(2);
    expect(await runVerify({ url, user: 'ann', password: 'x' }, io)).to.equal(2);
    expect(io.stderr.text).to.contain('--user NAME').and.to.contain('--admin NAME');
  });
});
