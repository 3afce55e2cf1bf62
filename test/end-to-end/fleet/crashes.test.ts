import { expect } from 'chai';
import { startMongodb } from '../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { runFleetCrashes } from '../../crash/fleet-crash-run.ts';
import { withDatabase } from '../../support/mongodb.ts';

/**
 * Blows in a normal run of the tests, as many as the time allows; `npm run test:crash -- --nodes 3 --points 200` does
 * more, with real leases.
 */
const SETTINGS = {
  nodes: 3,
  points: 20,
  withinMs: 30_000,
  atLeast: 4,
  chats: 4,
  leaseMs: 1_000,
  pauseMs: 3_000,
};

describe('a fleet whose nodes are killed and stopped under load', function () {
  // A run that hangs ends itself well before that.
  this.timeout(240_000);
  let mongodb: OwnServer;

  // One of its own: what so many streams leave is more than the others should wait for while it is dropped.
  before(async () => {
    mongodb = await startMongodb({ syncsAll: false });
  });
  after(() => mongodb.stop());

  it(`resumes every stream or ends it honestly, and keeps a clean ledger, ${SETTINGS.atLeast} times and more`, async () => {
    const report = await runFleetCrashes(
      { ...SETTINGS, mongodbUrl: withDatabase(mongodb.url) },
      Math.random,
      () => {},
    );
    const dealt = Object.values(report.blows).reduce((sum, times) => sum + times, 0);
    expect(dealt).to.be.at.least(SETTINGS.atLeast);
    expect(report.interrupted, 'streams that a node left behind').to.be.greaterThan(0);
    expect(report.resumed, 'streams whose readers came back elsewhere').to.be.greaterThan(0);
  });
});
