import { expect } from 'chai';
import { ChatScene, inScene, WHOLE_ANSWER } from '../../../support/chat-run.ts';
import type { Fault } from '../../../support/faulty-proxy.ts';

const START = 'POST /api/chat/sessions/:id/stream';
const UPDATE = 'POST /api/chat/sessions/:id/update-stream';

const refuse = (status: number, code: string, headers: Record<string, string> = {}): readonly Fault[] => [
  { kind: 'answer', status, headers, body: { status, code, detail: `The server says ${code}` } },
];

describe('chat, refused', () => {
  it('tries the receipt again after 503 and 429, for as long as the server asks, and then succeeds', async () => {
    const scene = new ChatScene(({ line }, count) => {
      if (line !== UPDATE || count > 5) return [];
      return count === 2 ? refuse(429, 'limit', { 'retry-after': '13' }) : refuse(503, 'store.unavailable');
    });
    await inScene(scene, async ({ io, proxy }) => {
      expect(await scene.run()).to.equal(0);
      expect(proxy.count(/update-stream/)).to.equal(6);
      expect(io.timers.waits[1]).to.equal(13_000);
      expect(io.timers.waits).to.deep.equal([375, 13_000, 1_500, 3_000, 6_000]);
    });
  });

  it('gives the receipt up after six tries, and says what is kept', async () => {
    const scene = new ChatScene(({ line }) => (line === UPDATE ? refuse(503, 'store.unavailable') : []));
    await inScene(scene, async ({ io, proxy }) => {
      expect(await scene.run()).to.equal(3);
      expect(proxy.count(/update-stream/)).to.equal(6);
      expect(io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
      expect(io.stderr.text).to.match(/could not be delivered in 6 tries.*keeps the answer and its charge/);
    });
  });

  for (const status of [400, 401, 402, 403, 409, 422]) {
    it(`sends a receipt that was refused with ${status} once only, and ends with one sentence`, async () => {
      const scene = new ChatScene(({ line }) => (line === UPDATE ? refuse(status, 'some.code') : []));
      await inScene(scene, async ({ io, proxy }) => {
        expect(await scene.run()).to.equal(1);
        expect(proxy.count(/update-stream/)).to.equal(1);
        expect(io.timers.waits).to.deep.equal([]);
        expect(io.stderr.text).to.contain('The receipt was refused: The server says some.code');
      });
    });
  }

  for (const status of [400, 401, 402, 403, 404, 409, 422]) {
    it(`does not send a start again that was refused with ${status}`, async () => {
      const scene = new ChatScene(({ line }) => (line === START ? refuse(status, 'some.code') : []));
      await inScene(scene, async ({ io, proxy }) => {
        expect(await scene.run()).to.equal(1);
        expect(proxy.count(/^POST .*\/stream$/)).to.equal(1);
        expect(io.stdout.text).to.equal('');
        expect(io.stderr.text.trimEnd().split('\n').at(-1)).to.equal('The server says some.code');
      });
    });
  }

  it('sends a start again that met 503', async () => {
    const scene = new ChatScene(({ line }, count) =>
      line === START && count < 4 ? refuse(503, 'accounting.unavailable', { 'retry-after': '2' }) : [],
    );
    await inScene(scene, async ({ io }) => {
      expect(await scene.run()).to.equal(0);
      expect(io.timers.waits).to.deep.equal([2_000, 2_000, 2_000]);
      expect(io.stdout.text).to.equal(`${WHOLE_ANSWER}\n`);
    });
  });

  it('renews an access token that ended on the way, and goes on', async () => {
    const scene = new ChatScene(({ line }, count) =>
      line === START && count === 1 ? refuse(401, 'credential.expired') : [],
    );
    await inScene(scene, async ({ proxy }) => {
      expect(await scene.run()).to.equal(0);
      expect(proxy.count(/\/api\/auth\/refresh$/)).to.equal(1);
    });
  });

  it('ends with one sentence when the login is refused', async () => {
    const scene = new ChatScene(undefined, 'logs nobody in');
    await inScene(scene, async ({ io, proxy }) => {
      expect(await scene.run()).to.equal(1);
      expect(io.stderr.text).to.equal(
        'The username or the password is wrong. To log in as somebody else than user1: --user NAME\n',
      );
      expect(proxy.count(/login/)).to.equal(1);
    });
  });

  it('exits 3 when nothing answers, after six tries', async () => {
    const scene = new ChatScene(() => [{ kind: 'refuse' }]);
    await inScene(scene, async ({ proxy }) => {
      expect(await scene.run()).to.equal(3);
      expect(proxy.count(/login/)).to.equal(6);
    });
  });
});
