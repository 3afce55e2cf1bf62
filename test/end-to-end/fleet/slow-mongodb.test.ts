import { expect } from 'chai';
import { startMongodb } from '../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { eventually } from '../../support/eventually.ts';
import { FleetScenes } from '../../support/fleet-scenes.ts';
import { SlowProxy } from '../../support/slow-proxy.ts';
import { createUpstreamChat, creditOf } from '../../support/upstream-server.ts';

/** The nodes' `requestBudget`, and the longest wait for a refusal by it on a busy machine, in milliseconds. */
const BUDGET = '3s';
const REFUSED_WITHIN_MS = 4_500;
/** How much later each command comes: a start waits for more than ten of them. */
const DELAY_MS = 600;
/** Longest time from the signal to the end of a node whose store answers nothing, in milliseconds. */
const GONE_WITHIN_MS = 15_000;

describe('a fleet whose MongoDB is slow', function () {
  this.timeout(120_000);
  let mongodb: OwnServer;
  let proxy: SlowProxy;
  let scenes: FleetScenes;

  before(async () => {
    mongodb = await startMongodb();
    proxy = await SlowProxy.before(mongodb.url);
    scenes = await FleetScenes.begin({ mongodb: proxy.url, flags: ['--request-budget', BUDGET] });
  });
  after(async () => {
    await (scenes as FleetScenes | undefined)?.end();
    await proxy.close();
    await mongodb.stop();
  });

  const timed = async <Out>(work: () => Promise<Out>): Promise<readonly [Out, number]> => {
    const fromMs = performance.now();
    return [await work(), performance.now() - fromMs];
  };

  it('refuses a start in time, and nothing of it is left, runs or costs', async () => {
    const chat = await createUpstreamChat(scenes.user);
    const asked = scenes.upstream.requests.length;
    proxy.delayMs = DELAY_MS;
    const [{ response }, tookMs] = await timed(() => scenes.at(0).start(chat, 'Say it'));
    expect(response.status).to.equal(503);
    expect(Number(response.headers.get('retry-after'))).to.be.at.least(1);
    expect(tookMs).to.be.below(REFUSED_WITHIN_MS);
    proxy.delayMs = 0;
    await eventually(async () => expect((await creditOf(scenes.user)).heldCredits).to.equal(0), 30_000);
    const again = await eventually(async () => {
      const started = await scenes.at(1).start(chat, 'Say it');
      expect(started.response.status).to.equal(200);
      return started;
    }, 30_000);
    await again.until(({ text }) => text.length > 0);
    expect(scenes.upstream.requests.length, 'the refused start asked no model').to.equal(asked + 1);
    expect((await scenes.at(2).stop(chat, again.streamId)).status).to.equal(200);
    await eventually(async () => expect((await creditOf(scenes.user)).heldCredits).to.equal(0));
    await scenes.expectHealthy();
  });

  it('refuses in time where it answers nothing at all, and lets a node that is told to stop go', async () => {
    await mongodb.pause();
    try {
      const asks: ReadonlyArray<() => Promise<unknown>> = [
        () => scenes.at(0).get('chat', '/api/chat/sessions'),
        () => scenes.at(1).createChat(),
      ];
      for (const ask of asks) {
        const [, tookMs] = await timed(() => ask().catch(() => undefined));
        expect(tookMs).to.be.below(REFUSED_WITHIN_MS);
      }
      const [code, goneMs] = await timed(() => scenes.fleet.node(2).end());
      process.stdout.write(`      from the signal to the end: ${(goneMs / 1_000).toFixed(1)} s\n`);
      expect(code).to.equal(0);
      expect(goneMs).to.be.below(GONE_WITHIN_MS);
    } finally {
      await mongodb.goOn();
    }
  });
});
