import { expect } from 'chai';
import { ReplayBudget } from '../../../../src/adapters/inbound/ws/mux/replay-budget.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';
import { owner } from '../../../support/subscriber-builders.ts';

describe('the budget of replayed bytes', () => {
  let timers: ManualTimers;
  let budget: ReplayBudget;
  beforeEach(() => {
    timers = new ManualTimers();
    budget = new ReplayBudget({ tokens: 1_000, perMs: 1_000, burst: 1_000 }, { clock: timers.clock, timers });
  });

  it('lets a burst through at once, and one byte more after exactly its time', async () => {
    expect(budget.charge(owner(1), 600)).to.equal(undefined);
    expect(budget.charge(owner(1), 400)).to.equal(undefined);
    let isThrough = false;
    void budget.charge(owner(1), 100)?.then(() => {
      isThrough = true;
    });
    await timers.advance(99);
    expect(isThrough).to.equal(false);
    await timers.advance(1);
    expect(isThrough).to.equal(true);
  });

  it('is one for all sessions of a principal, and each principal’s own', () => {
    void budget.charge(owner(1), 1_000);
    expect(budget.charge(owner(1), 1)).to.not.equal(undefined);
    expect(budget.charge(owner(2), 1_000)).to.equal(undefined);
  });

  it('lets what is larger than a burst through with a whole burst, and nothing costs nothing', async () => {
    expect(budget.charge(owner(1), 5_000)).to.equal(undefined);
    expect(budget.charge(owner(1), 0)).to.equal(undefined);
    const waiting = budget.charge(owner(1), 5_000);
    await timers.advance(1_000);
    await waiting;
  });

  it('lets all who wait through in the end, no faster than the rate', async () => {
    void budget.charge(owner(1), 1_000);
    let through = 0;
    for (let count = 0; count < 10; count += 1) {
      void budget.charge(owner(1), 500)?.then(() => {
        through += 1;
      });
    }
    await timers.advance(2_000);
    expect(through).to.equal(4);
    await timers.advance(3_000);
    expect(through).to.equal(10);
  });
});
