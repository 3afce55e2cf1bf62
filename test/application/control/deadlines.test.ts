import { expect } from 'chai';
import { Deadlines } from '../../../src/application/control/deadlines.ts';
import { ManualTimers } from '../../support/manual-timers.ts';

const LIMIT_MS = 100;

describe('deadlines that share one timer', () => {
  let timers: ManualTimers;
  let deadlines: Deadlines;
  let passed: string[];
  beforeEach(() => {
    timers = new ManualTimers();
    deadlines = new Deadlines({ clock: timers.clock, timers }, LIMIT_MS);
    passed = [];
  });

  const begin = (name: string): (() => void) => deadlines.begin(() => passed.push(name));

  it('pass in their order, each at its time and once', async () => {
    begin('1');
    await timers.advance(LIMIT_MS / 2);
    begin('2');
    await timers.advance(LIMIT_MS / 2);
    expect(passed).to.deep.equal(['1']);
    await timers.advance(10 * LIMIT_MS);
    expect(passed).to.deep.equal(['1', '2']);
    expect(timers.sleeping).to.equal(0);
  });

  it('do not pass once they have ended, before or behind one that has not', async () => {
    const first = begin('first');
    begin('slow');
    const last = begin('last');
    last();
    first();
    first();
    await timers.advance(LIMIT_MS);
    expect(passed).to.deep.equal(['slow']);
  });

  it('pass as early as they have to, though they began behind others and the sleep was until those', async () => {
    begin('now');
    await timers.advance(1);
    const since = (name: string, ago: number): (() => void) =>
      deadlines.begin(() => passed.push(name), timers.clock.nowMs() - ago);
    since('half', LIMIT_MS / 2);
    since('nearly', LIMIT_MS - 1);
    since('half, ended', LIMIT_MS / 2)();
    since('over', LIMIT_MS);
    expect(passed).to.deep.equal(['over']);
    await timers.advance(1);
    expect(passed).to.deep.equal(['over', 'nearly']);
    await timers.advance(LIMIT_MS / 2);
    expect(passed).to.deep.equal(['over', 'nearly', 'half']);
    await timers.advance(LIMIT_MS);
    expect(passed).to.deep.equal(['over', 'nearly', 'half', 'now']);
    expect(timers.sleeping).to.equal(0);
  });

  it('are kept apart, however many end behind and before each other', async () => {
    const quick: Array<() => void> = [];
    for (let number = 0; number < 5_000; number += 1) {
      const end = begin(`quick ${number}`);
      if (number % 1_000 === 500) begin(`slow ${number}`);
      quick.push(end);
    }
    for (const end of quick) end();
    await timers.advance(LIMIT_MS);
    expect(passed).to.deep.equal(['slow 500', 'slow 1500', 'slow 2500', 'slow 3500', 'slow 4500']);
    begin('next');
    await timers.advance(LIMIT_MS);
    expect(passed.at(-1)).to.equal('next');
  });
});
