import { expect } from 'chai';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { startRedis } from '../../../scripts/services/redis.ts';
import { eventually } from '../../support/eventually.ts';
import { expectSameEnd, FleetScenes } from '../../support/fleet-scenes.ts';
import { createUpstreamChat } from '../../support/upstream-server.ts';

/** Longest time from the end of a login to the close of its readers without Redis, in milliseconds. */
const REVOKED_WITHIN_MS = 5_000;
/** How much more is read after Redis has gone, in characters. */
const READ_ON = 50;

describe('a fleet that loses its Redis', function () {
  this.timeout(120_000);
  let redis: OwnServer;
  let scenes: FleetScenes;

  before(async () => {
    redis = await startRedis();
    scenes = await FleetScenes.begin({ redis: redis.url });
  });
  after(async () => {
    await (scenes as FleetScenes | undefined)?.end();
    await redis.stop();
  });

  const expectReady = (status: string): Promise<void> =>
    eventually(async () => {
      for (const place of scenes.fleet.nodes.keys()) {
        const ready = await scenes.at(place).get('chat', '/health/ready');
        expect([ready.status, ready.body.status]).to.deep.equal([200, status]);
      }
    });

  it('loses and doubles nothing for readers on other nodes, whose streams go on', async () => {
    await expectReady('ok');
    const { chat, reader } = await scenes.running(0);
    const readers = [reader, await scenes.follow(chat, 1), await scenes.follow(chat, 2)];
    await redis.kill();
    for (const each of readers) {
      const { length } = each.text;
      expect(await each.until(({ text }) => text.length > length + READ_ON)).to.equal(true);
    }
    await expectReady('degraded');
    await redis.restart();
    for (const each of readers) {
      const { length } = each.text;
      expect(await each.until(({ text }) => text.length > length + READ_ON)).to.equal(true);
    }
    await expectReady('ok');
    await redis.kill();
    expect((await scenes.at(2).stop(chat, reader.streamId)).status).to.equal(200);
    const end = await expectSameEnd(readers);
    expect(end.data.finishReason).to.equal('stopped');
  });

  it('lets a login that has ended read nothing any more on any node after five seconds', async () => {
    const { fleet } = scenes;
    await fleet.createUser('eve');
    await fleet.grant('eve', '10');
    const eve = await fleet.login('eve');
    const chat = await createUpstreamChat(eve);
    const readers = [await fleet.client(eve.token, 0).start(chat, 'Say something')];
    for (const place of [1, 2]) readers.push(await fleet.client(eve.token, place).resume(chat));
    for (const reader of readers) expect(await reader.until(({ text }) => text !== '')).to.equal(true);
    const cut = readers.map(async (reader) => ({ end: await reader.toEnd(), atMs: performance.now() }));
    expect((await fleet.client(eve.token, 0).post('auth', '/api/auth/logout')).status).to.equal(200);
    const answeredAtMs = performance.now();
    for (const { end, atMs } of await Promise.all(cut)) {
      expect(end, 'a reader that is cut is told no end').to.equal(undefined);
      expect(atMs - answeredAtMs).to.be.at.most(REVOKED_WITHIN_MS);
    }
  });

  it('leaves a store that the doctor finds healthy', async () => {
    await eventually(async () => {
      const { body } = await scenes.admin.get('accounting', '/api/credits/balance/ann');
      expect(body.heldCredits).to.equal(0);
    });
    await scenes.expectHealthy();
  });
});
