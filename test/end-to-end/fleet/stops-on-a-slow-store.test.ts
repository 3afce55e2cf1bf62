import { expect } from 'chai';
import { startMongodb } from '../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { startRedis } from '../../../scripts/services/redis.ts';
import type { Answer, EventReader } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { FleetScenes } from '../../support/fleet-scenes.ts';
import { SlowProxy } from '../../support/slow-proxy.ts';
import { creditOf } from '../../support/upstream-server.ts';

/** How much later each command comes to MongoDB, in milliseconds: a writer stores ten words or more meanwhile. */
const DELAY_MS = 150;
/** Time between two words of the model, in milliseconds. */
const WORD_EVERY_MS = 10;
/** What the program's own tokenizer counts for one of them, with its space. */
const TOKENS_OF_A_WORD = 2;
/** Streams that are stopped at once, and how often. */
const STREAMS = 4;
const ROUNDS = 3;
/** The time by which a node answers unless it is set otherwise, in milliseconds. */
const BUDGET_MS = 10_000;

interface Running {
  readonly chat: string;
  readonly reader: EventReader;
}

interface Stopped extends Running {
  readonly body: Answer['body'];
  readonly tookMs: number;
}

describe('a fleet without Redis on a slow MongoDB, whose models speak fast', function () {
  this.timeout(240_000);
  let mongodb: OwnServer;
  let redis: OwnServer;
  let proxy: SlowProxy;
  let scenes: FleetScenes;

  before(async () => {
    [mongodb, redis] = await Promise.all([startMongodb(), startRedis()]);
    proxy = await SlowProxy.before(mongodb.url);
    scenes = await FleetScenes.begin({
      mongodb: proxy.url,
      redis: redis.url,
      wordEveryMs: WORD_EVERY_MS,
    });
    await redis.kill();
  });
  after(async () => {
    await (scenes as FleetScenes | undefined)?.end();
    await proxy.close();
    await Promise.all([mongodb.stop(), redis.stop()]);
  });

  /** Stops a stream by the third node, which drives none. */
  async function stopped(stream: Running): Promise<Stopped> {
    const fromMs = performance.now();
    const { status, body } = await scenes.at(2).stop(stream.chat, stream.reader.streamId);
    const tookMs = performance.now() - fromMs;
    expect(status, JSON.stringify(body)).to.equal(200);
    expect(body.state).to.equal('stopped');
    expect(tookMs).to.be.below(BUDGET_MS);
    return { ...stream, body, tookMs };
  }

  /** What was answered is how it stays: for whoever read, for whoever reads it again, and for whoever stops it again. */
  async function expectFinal({ chat, reader, body }: Stopped): Promise<void> {
    const end = await reader.toEnd();
    expect(end?.data).to.include({ finishReason: 'stopped', creditsCharged: body.creditsCharged });
    expect(end?.data.outputTokens).to.equal(reader.text.trim().split(' ').length * TOKENS_OF_A_WORD);
    const again = await scenes.at(0).resume(chat);
    expect((await again.toEnd())?.data).to.deep.equal(end?.data);
    expect(again.text).to.equal(reader.text);
    expect((await scenes.at(1).stop(chat, reader.streamId)).body).to.deep.equal(body);
  }

  it('answers every stop on another node in its time, and nothing is said or charged after it', async () => {
    let slowestMs = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const running = await Promise.all(Array.from({ length: STREAMS }, (_, at) => scenes.running(at % 2)));
      proxy.delayMs = DELAY_MS;
      const stops = await Promise.all(running.map(stopped));
      proxy.delayMs = 0;
      slowestMs = Math.max(slowestMs, ...stops.map(({ tookMs }) => tookMs));
      await Promise.all(stops.map(expectFinal));
    }
    process.stdout.write(`      the slowest stop took ${(slowestMs / 1_000).toFixed(1)} s\n`);
  });

  it('closes the models’ connections, holds nothing and is healthy', async () => {
    await Promise.all(scenes.upstream.requests.map(({ closed }) => closed));
    await eventually(async () => expect((await creditOf(scenes.user)).heldCredits).to.equal(0));
    await scenes.expectHealthy();
  });
});
