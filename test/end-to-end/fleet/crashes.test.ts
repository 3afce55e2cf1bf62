import { expect } from 'chai';
import { runFleetCrashes } from '../../crash/fleet-crash-run.ts';

/** Blows in a normal run of the tests; `npm run test:crash -- --nodes 3 --points 200` does more, with real leases. */
const SETTINGS = { nodes: 3, points: 20, chats: 4, leaseMs: 1_000, pauseMs: 3_000 };

describe('a fleet whose nodes are killed and stopped under load', function () {
  this.timeout(400_000);

  it(`resumes every stream or ends it honestly, and keeps a clean ledger, ${SETTINGS.points} times`, async () => {
    const report = await runFleetCrashes(SETTINGS, Math.random, () => {});
    expect(report.kills + report.pauses).to.equal(SETTINGS.points);
    expect(report.interrupted, 'streams that a node left behind').to.be.greaterThan(0);
    expect(report.resumed, 'streams whose readers came back elsewhere').to.be.greaterThan(0);
  });
});
