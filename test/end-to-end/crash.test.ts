import { expect } from 'chai';
import { runCrashes } from '../crash/crash-run.ts';

/** Kills in a normal run of the tests, as many as the time allows; `npm run test:crash -- --points 200` does more. */
const SETTINGS = { points: 20, withinMs: 50_000, atLeast: 4 };

describe('a server that is killed under load', function () {
  // A run that hangs ends itself well before that.
  this.timeout(240_000);

  it(`leaves true prefixes, honest ends and a clean ledger, ${SETTINGS.atLeast} times and more`, async () => {
    const report = await runCrashes(SETTINGS, Math.random, () => {});
    expect(report.points).to.be.at.least(SETTINGS.atLeast);
    expect(report.interrupted, 'streams that were really interrupted').to.be.greaterThan(0);
  });
});
