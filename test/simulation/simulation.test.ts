import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { explainFailure } from './explain-failure.ts';
import { runSeed } from './run-simulation.ts';

/** Seeds of every test run; more are run by hand. */
const SEEDS = 200;
/** Seeds of one test. */
const AT_ONCE = 20;
/** Any seed whose run is long. */
const SEED_TO_REPEAT = 7;

describe('several nodes on stores that fail', function () {
  this.timeout(120_000);

  for (let first = 1; first <= SEEDS; first += AT_ONCE) {
    it(`keep every promise with the seeds ${first} to ${first + AT_ONCE - 1}`, async () => {
      for (let seed = first; seed < first + AT_ONCE; seed += 1) {
        const { failure } = await runSeed(seed);
        if (failure !== undefined) throw new Error((await explainFailure(seed)) ?? failure);
      }
    });
  }
});

describe('a simulated run', function () {
  this.timeout(60_000);

  it('goes the same way with the same seed, byte for byte, and another way with another', async () => {
    const first = await runSeed(SEED_TO_REPEAT);
    const again = await runSeed(SEED_TO_REPEAT);
    expect(again.lines).to.deep.equal(first.lines);
    expect(first.lines.length).to.be.greaterThan(100);
    expect((await runSeed(SEED_TO_REPEAT + 1)).digest).not.to.equal(first.digest);
  });

  it('goes the same way in another process', async () => {
    const { digest } = await runSeed(SEED_TO_REPEAT);
    const args = ['scripts/simulate.ts', '--seed', String(SEED_TO_REPEAT)];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).to.contain(digest);
  });
});
