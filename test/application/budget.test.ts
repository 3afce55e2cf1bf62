import { expect } from 'chai';
import { Budget } from '../../src/application/budget.ts';
import { expectFault } from '../support/faults.ts';
import { ManualTimers } from '../support/manual-timers.ts';

const LIMIT_MS = 10_000;

describe('the time that a caller waits', () => {
  let timers: ManualTimers;
  let budget: Budget;

  beforeEach(() => {
    timers = new ManualTimers();
    budget = new Budget({ timers, monotonicMs: () => timers.clock.nowMs(), limitMs: LIMIT_MS });
  });

  const taking = (ms: number) => () => timers.sleep(ms).then(() => 'done');

  it('gives him what comes in time, and leaves no timer behind', async () => {
    const work = budget.spend(taking(LIMIT_MS - 1));
    await timers.advance(LIMIT_MS - 1);
    expect(await work).to.equal('done');
    expect(timers.sleeping).to.equal(0);
    expect(() => budget.requireTime()).not.to.throw();
  });

  it('tells him what went wrong in time', async () => {
    const failing = budget.spend(async () => {
      throw new Error('the work failed');
    });
    await failing.then(
      () => expect.fail('it failed'),
      (error: Error) => expect(error.message).to.equal('the work failed'),
    );
  });

  it('refuses him when it is spent, and whoever goes on working is told when he asks', async () => {
    const work = expectFault(budget.spend(taking(LIMIT_MS + 1)), 'timeout');
    await timers.advance(LIMIT_MS);
    await work;
    expect(budget.isSpent).to.equal(true);
    expect(() => budget.requireTime()).to.throw('nothing could be promised within 10000 ms');
    await expectFault(budget.spend(taking(0)), 'timeout');
  });

  it('is one for all that he waits for, and what he lets others wait for costs nothing', async () => {
    const first = budget.spend(taking(6_000));
    await timers.advance(6_000);
    await first;
    await timers.advance(60_000);
    const second = expectFault(budget.spend(taking(6_000)), 'timeout');
    await timers.advance(4_000);
    await second;
  });

  it('is measured no more once something is promised', async () => {
    const work = budget.spend(async () => {
      await timers.sleep(LIMIT_MS - 1);
      budget.keep();
      return taking(60_000)();
    });
    await timers.advance(70_000);
    expect(await work).to.equal('done');
    const next = budget.spend(taking(60_000));
    await timers.advance(60_000);
    expect(await next).to.equal('done');
  });

  it('is without end for who waits as long as it takes', async () => {
    const work = Budget.unlimited().spend(taking(3_600_000));
    await timers.advance(3_600_000);
    expect(await work).to.equal('done');
  });
});
