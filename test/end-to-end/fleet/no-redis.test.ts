import { expect } from 'chai';
import { expectSameEnd, FleetScenes } from '../../support/fleet-scenes.ts';

/** Longest time from the end of a login to the close of its readers without Redis, in milliseconds. */
const REVOKED_WITHIN_MS = 5_000;

describe('a fleet that has no Redis', function () {
  this.timeout(120_000);
  let scenes: FleetScenes;

  before(async () => {
    scenes = await FleetScenes.begin({ redis: 'none' });
  });
  after(() => scenes.end());

  it('misses nothing of it, and says so', async () => {
    const { status, body } = await scenes.fleet.client('', 0).get('chat', '/health/ready');
    expect([status, body]).to.deep.equal([200, { status: 'ok', service: 'chat' }]);
  });

  it('is one: what one node drives is read on a second and stopped from a third', async () => {
    const { chat, reader } = await scenes.running(0);
    const follower = await scenes.follow(chat, 1);
    expect(await follower.until(({ text }) => text.length > 50)).to.equal(true);
    const stopped = await scenes.at(2).stop(chat, reader.streamId);
    expect([stopped.status, stopped.body.state]).to.deep.equal([200, 'stopped']);
    // The node that drove it meets the end that another has stored, and lets its own reader go: he comes back for it.
    expect(await reader.toEnd()).to.satisfy(
      (end: { data: { finishReason: string } } | undefined) =>
        (end?.data.finishReason ?? 'stopped') === 'stopped',
    );
    const whole = await scenes.at(0).resume(chat);
    const end = await expectSameEnd([whole, follower]);
    expect([end.type, end.data.finishReason]).to.deep.equal(['done', 'stopped']);
    expect(end.data.creditsCharged).to.equal(stopped.body.creditsCharged);
  });

  it('cuts the readers of an ended login on every node within five seconds', async () => {
    const { fleet } = scenes;
    const login = await fleet.login('ann');
    const { chat } = await scenes.running(0);
    const readers = await Promise.all(
      [0, 1, 2].map((place) => fleet.client(login.token, place).resume(chat)),
    );
    for (const reader of readers) expect(await reader.until(({ text }) => text !== '')).to.equal(true);
    const cut = readers.map(async (reader) => ({ end: await reader.toEnd(), atMs: performance.now() }));
    expect((await fleet.client(login.token, 0).post('auth', '/api/auth/logout')).status).to.equal(200);
    const answeredAtMs = performance.now();
    for (const { end, atMs } of await Promise.all(cut)) {
      expect(end, 'a reader that is cut is told no end').to.equal(undefined);
      expect(atMs - answeredAtMs).to.be.at.most(REVOKED_WITHIN_MS);
    }
  });
});
