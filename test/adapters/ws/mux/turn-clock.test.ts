import { expect } from 'chai';
import { TurnClock } from '../../../../src/adapters/inbound/ws/mux/turn-clock.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the clock of a turn', () => {
  it('holds one reading for everything that comes in a turn of the event loop, and no longer', async () => {
    const clock = new ManualClock(T0);
    const turnClock = new TurnClock(clock);
    expect(turnClock.hold()).to.equal(T0);
    clock.advance(5);
    expect(turnClock.hold(), 'a second frame').to.equal(T0);
    expect(turnClock.nowMs(), 'what the frame causes').to.equal(T0);
    await turn();
    expect(turnClock.nowMs()).to.equal(T0 + 5);
    clock.advance(5);
    expect(turnClock.nowMs(), 'a reading that nobody holds').to.equal(T0 + 10);
  });

  it('reads anew for a piece of work, and lets go of it when that throws', () => {
    const clock = new ManualClock(T0);
    const turnClock = new TurnClock(clock);
    turnClock.hold();
    clock.advance(5);
    const seen: number[] = [];
    const work = (nowMs: number): void => {
      clock.advance(5);
      seen.push(nowMs, turnClock.nowMs());
      throw new Error('a mistake');
    };
    expect(() => turnClock.during({ work })).to.throw('a mistake');
    expect(seen).to.deep.equal([T0 + 5, T0 + 5]);
    expect(turnClock.nowMs()).to.equal(T0 + 10);
  });
});
