import { expect } from 'chai';
import { AnchoredClock } from '../../../src/adapters/outbound/system/anchored-clock.ts';
import { describeClock } from '../../contracts/clock.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';

/** What the whole of an anchoring may take on a busy machine, in milliseconds. */
const SLACK_MS = 1_000;

describe("MongoDB's clock", () => {
  let mongo: TemporaryMongo;
  let clock: AnchoredClock;
  before(async () => {
    mongo = await temporaryMongo();
    clock = await AnchoredClock.start({
      monotonicMs: () => performance.now(),
      ask: () => mongo.store.serverTimeMs(),
    });
  });
  after(() => mongo.remove());

  describeClock("anchored to MongoDB's", () => ({
    clock,
    elapse: () => {
      const before = clock.nowMs();
      while (clock.nowMs() === before);
    },
  }));

  it('is what the clock shows that is anchored to it', async () => {
    const serverMs = await mongo.store.serverTimeMs();
    expect(clock.nowMs()).to.be.closeTo(serverMs, SLACK_MS);
    expect((await clock.anchor()).boundMs).to.be.below(SLACK_MS / 2);
  });
});
