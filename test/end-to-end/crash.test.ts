import { expect } from 'chai';
import { runCrashes } from '../crash/crash-run.ts';

/** Kills in a normal run of the tests; `npm run test:crash -- --points 200` does more. */
const POINTS = 20;

describe('a server that is killed under load', function () {
  this.timeout(300_000);

  it(`leaves true prefixes, honest ends and a clean ledger, ${POINTS} times`, async () => {
    const report = await runCrashes(POINTS, Math.random, () => {});
    expect(report.points).to.equal(POINTS);
    expect(report.interrupted, 'streams that were really interrupted').to.be.greaterThan(0);
  });
});
