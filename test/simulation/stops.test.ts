import { expect } from 'chai';
import { type RunOutcome, runScenario } from './run-simulation.ts';
import type { Action, Deed } from './world/actions.ts';
import { FAIR } from './world/network.ts';

/** Seeds of every test run. */
const SEEDS = 40;
/** How long a request may take until its answer begins, unless a node is set otherwise, in milliseconds. */
const BUDGET_MS = 10_000;
/** How long words between nodes are lost and the store is slow: longer than the run takes, in milliseconds. */
const FOR_MS = 60_000;
/** How long a way to the store and one back take at most, in milliseconds: a writer has stored more by then. */
const WAY_MS = 600;

const SETTINGS = {
  readerlessDeadlineMs: 120_000,
  maxDurationMs: 900_000,
  retentionMs: 86_400_000,
  longestSilenceMs: 0,
  talksOn: true,
  isAccountingApart: false,
  skewsMs: [0, 0, 0],
} as const;

/** Runs deeds one after another, each with the time that passes after it, in milliseconds. */
function runDeeds(seed: number, deeds: ReadonlyArray<readonly [Deed, number]>): Promise<RunOutcome> {
  const actions = deeds.map(
    ([deed, thenMs], index): Action => ({ deed, thenMs, seed: 1_000 * seed + index }),
  );
  return runScenario({ settings: SETTINGS, actions });
}

/** When the first line that contains something was written, in milliseconds of the run. */
function atMs(lines: readonly string[], words: string): number {
  const line = lines.find((one) => one.includes(words));
  expect(line, `a line with “${words}”`).to.be.a('string');
  return Number.parseFloat(line ?? '') * 1_000;
}

const BEGIN: ReadonlyArray<readonly [Deed, number]> = [
  [{ do: 'nothing' }, 2_000],
  [{ do: 'start', node: 0, chat: 0 }, 500],
];
const SLOW: ReadonlyArray<readonly [Deed, number]> = [
  [{ do: 'words', losses: 1, connected: false, drops: 0, forMs: FOR_MS }, 0],
  [{ do: 'weather', server: 'streams', weather: { ...FAIR, usualMs: WAY_MS }, forMs: FOR_MS }, 500],
];
const STOP = { do: 'stop', node: 1, chat: 0, id: 'right' } as const;

describe('a stop on another node than the one that writes, without words and on a slow store', function () {
  this.timeout(60_000);

  it('is answered in time, is final, and bills what is stored', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { lines, failure } = await runDeeds(seed, [...BEGIN, ...SLOW, [STOP, 2 * BUDGET_MS]]);
      expect(failure, `seed ${seed}`).to.equal(undefined);
      const tookMs = atMs(lines, ' is answered') - atMs(lines, '— {"do":"stop"');
      expect(tookMs, `seed ${seed}`).to.be.below(BUDGET_MS);
      expect(atMs(lines, 'is stopped')).to.be.below(atMs(lines, ' is answered'));
    }
  });

  it('ends the stream as stopped when its writer dies before it has met the wish', async () => {
    let wishes = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { lines, failure } = await runDeeds(seed, [
        ...BEGIN,
        ...SLOW,
        [{ do: 'pause', node: 0, forMs: FOR_MS }, 0],
        [STOP, 3_000],
        // Whoever wished it goes as well, so that nobody but the sweep of leases can end it.
        [{ do: 'kill', node: 1, forMs: 0 }, 4 * BUDGET_MS],
      ]);
      expect(failure, `seed ${seed}`).to.equal(undefined);
      if (!lines.some((line) => line.includes('is wished stopped'))) continue;
      wishes += 1;
      expect(atMs(lines, 'is stopped'), `seed ${seed}`).to.be.above(atMs(lines, 'is wished stopped'));
    }
    expect(wishes).to.be.above(SEEDS / 2);
  });
});
