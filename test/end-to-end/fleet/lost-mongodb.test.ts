import { expect } from 'chai';
import { startMongodb } from '../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { eventually } from '../../support/eventually.ts';
import { FleetScenes } from '../../support/fleet-scenes.ts';
import { createUpstreamChat, creditOf } from '../../support/upstream-server.ts';

/** Longest wait for a refusal while MongoDB is away, in milliseconds. */
const REFUSED_WITHIN_MS = 15_000;

/** Longest time from the signal to the end of a node that can store nothing any more, in milliseconds. */
const GONE_WITHIN_MS = 60_000;

describe('a fleet that loses its MongoDB', function () {
  this.timeout(120_000);
  let mongodb: OwnServer;
  let scenes: FleetScenes;

  before(async () => {
    mongodb = await startMongodb();
    scenes = await FleetScenes.begin({ mongodb: mongodb.url, flags: ['--streams-stall', '60s'] });
  });
  after(async () => {
    await (scenes as FleetScenes | undefined)?.end();
    await mongodb.stop();
  });

  it('refuses before it promises anything, and loses nothing of what runs', async () => {
    const chat = await createUpstreamChat(scenes.user);
    const { chat: runningChat, reader } = await scenes.running(0);
    const follower = await scenes.follow(runningChat, 1);
    const asked = scenes.upstream.requests.length;

    await mongodb.kill();
    const killedAtMs = performance.now();
    const refusals = await Promise.all(
      scenes.fleet.nodes.map((_, place) => scenes.at(place).start(chat, 'Say it')),
    );
    for (const { response } of refusals) {
      expect(response.status).to.equal(503);
      expect(Number(response.headers.get('retry-after'))).to.be.at.least(1);
    }
    const refusedMs = performance.now() - killedAtMs;
    expect(refusedMs).to.be.at.most(REFUSED_WITHIN_MS);
    process.stdout.write(`      refused after ${(refusedMs / 1_000).toFixed(1)} s\n`);
    expect(scenes.upstream.requests.length, 'no model was called').to.equal(asked);
    const ready = await scenes.fleet.client('', 2).get('chat', '/health/ready');
    expect([ready.status, ready.body.dependency]).to.deep.equal([503, 'store']);

    const shown = reader.text.length;
    await mongodb.restart();
    expect(await reader.until(({ text }) => text.length > shown + 25)).to.equal(true);
    await eventually(async () => {
      expect((await scenes.at(1).stop(runningChat, reader.streamId)).status).to.equal(200);
    });
    const end = await reader.toEnd();
    expect(end?.data.finishReason).to.equal('stopped');
    // Who reads on another node may have been cut while nobody could know whether he missed something; he comes back.
    const cutAt = (await follower.toEnd()) === undefined ? follower.cursor : undefined;
    const rest = cutAt === undefined ? undefined : await scenes.at(1).resume(runningChat, cutAt);
    expect(await (rest ?? follower).toEnd()).to.deep.equal(end);
    expect(follower.text + (rest?.text ?? '')).to.equal(reader.text);
    await eventually(async () => expect((await creditOf(scenes.user)).heldCredits).to.equal(0));
    const next = await scenes.at(2).start(chat, 'Say it');
    expect(next.response.status).to.equal(200);
    await scenes.user.stop(chat, next.streamId);
  });

  it('leaves a store that the doctor finds healthy', async () => {
    await eventually(async () => expect((await creditOf(scenes.user)).heldCredits).to.equal(0));
    await scenes.expectHealthy();
  });

  it('lets a node that is told to stop go, also while MongoDB is away', async () => {
    await mongodb.kill();
    const toldAtMs = performance.now();
    expect(await scenes.fleet.node(2).end()).to.equal(0);
    const tookMs = performance.now() - toldAtMs;
    expect(tookMs).to.be.at.most(GONE_WITHIN_MS);
    process.stdout.write(`      from the signal to the end: ${(tookMs / 1_000).toFixed(1)} s\n`);
  });
});
