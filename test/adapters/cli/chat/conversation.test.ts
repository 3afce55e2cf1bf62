import { Writable } from 'node:stream';
import { expect } from 'chai';
import { runChat } from '../../../../src/adapters/inbound/cli/chat/run-chat.ts';
import { ChatScene, inScene, WHOLE_ANSWER } from '../../../support/chat-run.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';

describe('chat', () => {
  it('answers one question on stdout alone, and talks on stderr', async () => {
    await inScene(new ChatScene(), async (scene) => {
      expect(await scene.run()).to.equal(0);
      expect(scene.io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
      expect(scene.io.stderr.text).to.match(
        /\[stream-\d+-[0-9a-f-]{36} · \d+ tokens · [\d.]+ credits · stop · receipt exact]/,
      );
    });
  });

  it('answers with one JSON document when asked to', async () => {
    await inScene(new ChatScene(), async (scene) => {
      expect(await scene.run({ question: 'Who?', json: true })).to.equal(0);
      const document = JSON.parse(scene.io.stdout.text);
      expect(document).to.include({
        text: WHOLE_ANSWER,
        state: 'done',
        receipt: 'exact',
        interrupted: false,
      });
    });
  });

  it('shows the models and the balance, and keeps to one chat until its input ends', async () => {
    await inScene(new ChatScene(), async (scene) => {
      scene.io.stdin.end('/balance\nfirst\n/models\n\n');
      expect(await scene.run({})).to.equal(0);
      expect(scene.io.stderr.text).to.contain(
        '  memory · 1 credit per 1,000 tokens\n    Says always the same\n',
      );
      expect(scene.io.stderr.text.match(/Balance: 3 credits/g)).to.have.length(2);
      expect(scene.io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
      expect(scene.server.state.chats.size).to.equal(1);
    });
  });

  it('says so when another model than the one asked for has answered', async () => {
    await inScene(new ChatScene(), async (scene) => {
      expect(await scene.run({ question: 'Who?', model: 'nobody' })).to.equal(0);
      expect(scene.io.stderr.text).to.contain('[nobody is not offered here: memory has answered]');
    });
  });

  it('makes no chat when nothing is asked', async () => {
    await inScene(new ChatScene(), async (scene) => {
      scene.io.stdin.end('/quit\n');
      expect(await scene.run({})).to.equal(0);
      expect(scene.server.state.chats.size).to.equal(0);
    });
  });

  it('stops a running answer at Ctrl-C, keeps what was produced, and leaves at the next one', async () => {
    await inScene(new ChatScene(), async (scene) => {
      const { io, server } = scene;
      const ended = scene.run({});
      io.stdin.write('first\n');
      await io.stderr.until('receipt exact');
      io.stdin.write('second\n');
      await io.stdout.until(`${WHOLE_ANSWER}\nOnly its owner may`);
      io.interrupt();
      await io.stderr.until('stopped · receipt exact');
      io.stdin.write('/balance\n');
      await io.stderr.until('Balance: 2.');
      io.interrupt();
      expect(await ended).to.equal(130);
      const [chat] = server.state.chats.values();
      expect(chat?.streams.map(({ state }) => state)).to.deep.equal(['finished', 'stopped']);
    });
  });

  it('leaves at once at the second Ctrl-C, and says what is kept', async () => {
    const scene = new ChatScene(({ line }) => (line.endsWith('/stop') ? [{ kind: 'refuse' }] : []));
    await inScene(scene, async ({ io, proxy }) => {
      const ended = scene.run({});
      io.stdin.write('first\n');
      await io.stderr.until('receipt exact');
      io.stdin.write('second\n');
      await io.stdout.until(`${WHOLE_ANSWER}\nOnly its owner may`);
      io.interrupt();
      io.interrupt();
      expect(await ended).to.equal(130);
      expect(io.stderr.text).to.match(/Interrupted\. \d+ characters of the answer arrived; the server keeps/);
      expect(proxy.count(/update-stream/)).to.equal(1);
    });
  });

  it('tells a refusal of one question and goes on with the next', async () => {
    const scene = new ChatScene(({ line }, count) =>
      line === 'POST /api/chat/sessions/:id/stream' && count === 1
        ? [
            {
              kind: 'answer',
              status: 402,
              body: { code: 'credit.insufficient', detail: 'Insufficient credits' },
            },
          ]
        : [],
    );
    await inScene(scene, async ({ io }) => {
      io.stdin.end('first\nsecond\n');
      expect(await scene.run({})).to.equal(0);
      expect(io.stderr.text).to.contain('Insufficient credits');
      expect(io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
    });
  });

  it('stops the answer when whoever read the pipe has gone', async () => {
    await inScene(new ChatScene(), async (scene) => {
      const closed = new Writable({
        write: (_chunk, _encoding, done) => done(Object.assign(new Error('closed'), { code: 'EPIPE' })),
      });
      Object.assign(scene.io, { stdout: closed });
      expect(await scene.run()).to.equal(0);
      expect(scene.proxy.count(/\/stop$/)).to.equal(1);
    });
  });

  it('reads a password from a file, and never asks when nobody is there', async () => {
    const io = new FakeCommandIo();
    expect(await runChat({ url: 'http://127.0.0.1:9', user: 'ann', question: 'Who?' }, io)).to.equal(2);
    expect(io.stderr.text).to.contain('--password-file FILE');
    const missing = {
      url: 'http://127.0.0.1:9',
      user: 'ann',
      passwordFile: '/nowhere/at/all',
      question: 'Who?',
    };
    expect(await runChat(missing, io)).to.equal(2);
    expect(io.stderr.text).to.contain('/nowhere/at/all cannot be read (ENOENT)');
  });

  it('takes no demo account off this machine, and says that the way is open to others', async () => {
    const io = new FakeCommandIo();
    expect(await runChat({ url: 'http://holdfast.invalid', question: 'Who?' }, io)).to.equal(2);
    expect(io.stderr.text).to.contain('not encrypted').and.to.contain('--user NAME');
  });

  it('asks for a password without showing it', async () => {
    await inScene(new ChatScene(), async (scene) => {
      const { io, server } = scene;
      server.state.addUser('ann', 'open sesame', 'user', 2_000_000);
      Object.assign(io.stdin, { isTTY: true });
      const ended = scene.run({ user: 'ann', question: 'Who?' });
      await io.stderr.until('Password of ann: ');
      io.stdin.write('open sesame\r');
      expect(await ended).to.equal(0);
      expect(io.stderr.text + io.stdout.text).to.not.contain('sesame');
    });
  });

  it('refuses an address that is none', async () => {
    const io = new FakeCommandIo();
    expect(await runChat({ url: 'localhost:3002', question: 'Who?' }, io)).to.equal(2);
    expect(io.stderr.text).to.contain('--url must be an address like http://127.0.0.1:3002');
  });
});
