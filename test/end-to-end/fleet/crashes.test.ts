import { expect } from 'chai';
import { runFleetCrashes } from '../../crash/fleet-crash-run.ts';

/**
 * Blows in a normal run of the tests, as many as the time allows; `npm run test:crash -- --nodes 3 --points 200` does
 * more, with real leases.
 */
const SETTINGS = { nodes: 3, points: 20, withinMs: 70_000, chats: 4, leaseMs: 1_000, pauseMs: 3_000 };
/** Blows that the slowest of machines gets through in that time. */
const AT_LEAST = 4;

describe('a fleet whose nodes are killed and stopped under load', function () {
  // A run that hangs ends itself well before that.
  this.timeout(240_000);

  it(`resumes every stream or ends it honestly, and keeps a clean ledger, ${AT_LEAST} times and more`, async () => {
    const report = await runFleetCrashes(SETTINGS, Math.random, () => {});
    expect(report.kills + report.pauses).to.be.at.least(AT_LEAST);
    expect(report.interrupted, 'streams that a node left behind').to.be.greaterThan(0);
    expect(report.resumed, 'streams whose readers came back elsewhere').to.be.greaterThan(0);
  });
});
