import { expect } from 'chai';
import { runSeed } from './mux/run-mux.ts';

/** Seeds of every test run; more are run by hand. */
const SEEDS = 100;
/** Seeds of one test. */
const AT_ONCE = 10;
/** Any seed whose run is long. */
const SEED_TO_REPEAT = 19;

async function keepsEveryPromise(seed: number): Promise<void> {
  const { failure, lines } = await runSeed(seed);
  if (failure !== undefined) throw new Error(`seed ${seed}: ${failure}\n${lines.slice(-60).join('\n')}`);
}

describe('multiplexed sessions on several nodes, taken over and stolen at', function () {
  this.timeout(120_000);

  for (let first = 1; first <= SEEDS; first += AT_ONCE) {
    it(`have one holder each, with the seeds ${first} to ${first + AT_ONCE - 1}`, async () => {
      for (let seed = first; seed < first + AT_ONCE; seed += 1) await keepsEveryPromise(seed);
    });
  }

  it('go the same way with the same seed, and another way with another', async () => {
    const first = await runSeed(SEED_TO_REPEAT);
    expect((await runSeed(SEED_TO_REPEAT)).lines).to.deep.equal(first.lines);
    expect(first.lines.filter((line) => line.includes('comes back to')).length).to.be.greaterThan(3);
    expect((await runSeed(SEED_TO_REPEAT + 1)).digest).not.to.equal(first.digest);
  });
});
