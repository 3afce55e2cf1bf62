import { expect } from 'chai';
import { startMongodb } from '../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { startRedis } from '../../../scripts/services/redis.ts';
import { type FleetCrashSettings, runFleetCrashes } from '../../crash/fleet-crash-run.ts';
import { mongodbBlows, redisBlows } from '../../crash/store-blows.ts';
import { withDatabase } from '../../support/mongodb.ts';

/** Blows in a normal run of the tests; `npm run test:crash -- --nodes 3 --of redis --points 200` does more. */
const SETTINGS = { nodes: 3, withinMs: 30_000, chats: 4, leaseMs: 5_000, pauseMs: 0 };
const KILLS_OF_MONGODB = 2;

describe('a fleet whose stores are hurt under load', function () {
  this.timeout(300_000);
  let mongodb: OwnServer;
  let redis: OwnServer;
  before(async () => {
    [mongodb, redis] = await Promise.all([startMongodb(), startRedis()]);
  });
  after(async () => {
    await Promise.all([mongodb.stop(), redis.stop()]);
  });

  const run = (settings: Pick<FleetCrashSettings, 'points' | 'atLeast' | 'blows'>) =>
    runFleetCrashes(
      { ...SETTINGS, ...settings, mongodbUrl: withDatabase(mongodb.url), redisUrl: redis.url },
      Math.random,
      () => {},
    );

  it('loses no stream and gets none wrong while Redis is killed, stands still and is flushed', async () => {
    const blows = redisBlows(redis, Math.random);
    const report = await run({ points: 6, atLeast: blows.length, blows });
    expect(report.blows).to.have.all.keys(blows.map(({ name }) => name));
    expect(report.streams).to.be.greaterThan(0);
    expect(report.interrupted, 'streams that did not come to their own end').to.equal(0);
    expect(report.lostStarts).to.equal(0);
  });

  it('charges right and ends honestly while MongoDB is killed and comes back', async () => {
    const blows = mongodbBlows(mongodb, Math.random);
    const report = await run({ points: KILLS_OF_MONGODB, blows });
    expect(report.blows).to.deep.equal({ 'MongoDB killed': KILLS_OF_MONGODB });
    expect(report.streams).to.be.greaterThan(0);
  });
});
