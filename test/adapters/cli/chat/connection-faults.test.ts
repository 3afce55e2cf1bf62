import { expect } from 'chai';
import fc from 'fast-check';
import { ChatScene, inScene, WHOLE_ANSWER } from '../../../support/chat-run.ts';
import type { Fault } from '../../../support/faulty-proxy.ts';

const START = 'POST /api/chat/sessions/:id/stream';
const RESUME = 'GET /api/chat/sessions/:id/stream';
const UPDATE = 'POST /api/chat/sessions/:id/update-stream';
const ID_HEADER = 'x-streaming-session-id';

const receipts = ({ server }: ChatScene): (string | undefined)[] =>
  [...server.state.chats.values()].flatMap(({ streams }) =>
    streams.map(({ receipt }) => receipt?.answer.receipt as string | undefined),
  );

describe('chat, behind connections that break', () => {
  it('shows every character once, wherever the connection is cut, and is billed once', async () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 2_500 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const left = [...places];
        const scene = new ChatScene(({ line }): readonly Fault[] => {
          const afterBytes = line === START || line === RESUME ? left.shift() : undefined;
          return afterBytes === undefined ? [] : [{ kind: 'cut', afterBytes }];
        });
        await inScene(scene, async ({ io, server }) => {
          expect(await scene.run()).to.equal(0);
          expect(io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
          expect(server.state.userNamed('user1')?.usageRecords).to.equal(1);
          expect(receipts(scene)).to.deep.equal(['exact']);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('sends a start whose answer was lost again under the same key, and is billed once', async () => {
    const scene = new ChatScene(({ line }, count) =>
      line === START && count <= 2 ? [{ kind: 'lose-answer' }] : [],
    );
    await inScene(scene, async ({ io, server, proxy }) => {
      expect(await scene.run()).to.equal(0);
      const keys = proxy.seen
        .map(({ headers }) => headers['idempotency-key'])
        .filter((key) => key !== undefined);
      expect(keys).to.have.length(3);
      expect(new Set(keys).size).to.equal(1);
      expect(io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
      expect(server.state.userNamed('user1')?.usageRecords).to.equal(1);
    });
  });

  it('gives up after six tries that bring nothing new, and says what is kept', async () => {
    let isGone = false;
    const scene = new ChatScene(({ line }) => {
      if (isGone) return [{ kind: 'refuse' }];
      isGone = line === START;
      return isGone ? [{ kind: 'cut', afterBytes: 700 }] : [];
    });
    await inScene(scene, async ({ io, proxy }) => {
      expect(await scene.run()).to.equal(3);
      expect(proxy.count(/^GET .*\/stream$/)).to.equal(6);
      expect(WHOLE_ANSWER.startsWith(io.stdout.text)).to.equal(true);
      expect(io.stdout.text).to.not.equal('');
      expect(io.stderr.text).to.match(
        /the server keeps the whole .* holdfast chat --resume [0-9a-f-]{36} goes on/,
      );
      expect(proxy.count(/update-stream/)).to.equal(0);
    });
  });

  it('says on stderr that it goes on after a cut', async () => {
    const scene = new ChatScene(({ line }) => (line === START ? [{ kind: 'cut', afterBytes: 700 }] : []));
    await inScene(scene, async ({ io, proxy }) => {
      await scene.run();
      expect(io.stderr.text).to.match(/going on after event \d+ in \d\.\d s/);
      expect(proxy.seen.find(({ line }) => /^GET .*\/stream$/.test(line))?.headers['last-event-id']).to.match(
        /^\d+$/,
      );
    });
  });

  it('reads the id from a header in any case', async () => {
    const renamed: Fault = { kind: 'rename-header', from: ID_HEADER, to: 'x-STREAMING-session-ID' };
    const scene = new ChatScene(({ line }) => (line === START ? [renamed] : []));
    await inScene(scene, async () => {
      expect(await scene.run()).to.equal(0);
      expect(receipts(scene)).to.deep.equal(['exact']);
    });
  });

  it('reads the id from the session event when a proxy strips the header', async () => {
    const scene = new ChatScene(() => [{ kind: 'rename-header', from: ID_HEADER, to: '' }]);
    await inScene(scene, async () => {
      expect(await scene.run()).to.equal(0);
      expect(receipts(scene)).to.deep.equal(['exact']);
    });
  });

  it('makes no id up: without one it sends no receipt, and says so', async () => {
    const strip: Fault = { kind: 'rename-header', from: ID_HEADER, to: '' };
    const blank: Fault = {
      kind: 'rewrite',
      change: (text) => text.replace(/"streamingSessionId":"[^"]*",/, ''),
    };
    const scene = new ChatScene(({ line }) => (line === START ? [strip, blank] : []));
    await inScene(scene, async ({ io, proxy }) => {
      expect(await scene.run()).to.equal(0);
      expect(io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
      expect(io.stderr.text).to.contain('no receipt is sent');
      expect(proxy.count(/update-stream/)).to.equal(0);
    });
  });

  it('shows no character twice when a server sends an event again', async () => {
    const cutOnce = ({ line }: { line: string }): readonly Fault[] =>
      line === START ? [{ kind: 'cut', afterBytes: 900 }] : [];
    await inScene(new ChatScene(cutOnce, 'doubles a chunk on resume'), async (scene) => {
      expect(await scene.run()).to.equal(0);
      expect(scene.io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
    });
  });

  it('sends no receipt for a text whose digest does not fit', async () => {
    const garble: Fault = { kind: 'rewrite', change: (text) => text.replace('owner', 'Owner') };
    const scene = new ChatScene(({ line }) => (line === START ? [garble] : []));
    await inScene(scene, async ({ io, proxy }) => {
      expect(await scene.run()).to.equal(1);
      expect(io.stderr.text).to.contain('the digests differ');
      expect(proxy.count(/update-stream/)).to.equal(0);
    });
  });

  it('repeats a receipt whose answer was lost, with the same body', async () => {
    const scene = new ChatScene(({ line }, count) =>
      line === UPDATE && count === 1 ? [{ kind: 'lose-answer' }] : [],
    );
    await inScene(scene, async ({ proxy }) => {
      expect(await scene.run()).to.equal(0);
      const bodies = proxy.seen.filter(({ line }) => /update-stream$/.test(line)).map(({ body }) => body);
      expect(bodies).to.have.length(2);
      expect(bodies[0]).to.equal(bodies[1]);
    });
  });
});
