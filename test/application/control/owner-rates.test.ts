import { expect } from 'chai';
import { OwnerRates } from '../../../src/application/control/owner-rates.ts';
import { ManualTimers } from '../../support/manual-timers.ts';

const NEVER = new AbortController().signal;

function world() {
  const timers = new ManualTimers();
  const rates = new OwnerRates({
    rate: { tokens: 600, perMs: 60_000, burst: 5_000 },
    clock: timers.clock,
    timers,
  });
  return { timers, rates };
}

describe("the rate of an owner's events", () => {
  it('lets a burst in at once, then one after the other at the rate', async () => {
    const { timers, rates } = world();
    const waits = Array.from({ length: 5_000 }, () => rates.admit('a', NEVER));
    expect(waits.every((wait) => wait === undefined)).to.equal(true);
    const admitted: number[] = [];
    for (let i = 0; i < 3; i += 1) void rates.admit('a', NEVER)?.then(() => admitted.push(i));
    await timers.advance(99);
    expect(admitted).to.deep.equal([]);
    await timers.advance(1);
    expect(admitted).to.deep.equal([0]);
    await timers.advance(200);
    expect(admitted).to.deep.equal([0, 1, 2]);
  });

  it('holds up no other owner', () => {
    const { rates } = world();
    for (let i = 0; i < 5_001; i += 1) rates.admit('a', NEVER)?.catch(() => undefined);
    expect(rates.admit('b', NEVER)).to.equal(undefined);
  });

  it('lets go whoever gives up, and goes on with the others', async () => {
    const { timers, rates } = world();
    for (let i = 0; i < 5_000; i += 1) void rates.admit('a', NEVER);
    const abort = new AbortController();
    const gone = rates.admit('a', abort.signal)?.catch((error: Error) => error.message);
    let isIn = false;
    void rates.admit('a', NEVER)?.then(() => {
      isIn = true;
    });
    await timers.advance(10);
    abort.abort(new Error('gone'));
    expect(await gone).to.equal('gone');
    await timers.advance(100);
    expect(isIn).to.equal(true);
  });

  it('is not forgotten while an owner has used some of it', () => {
    const { rates } = world();
    for (let i = 0; i < 5_000; i += 1) void rates.admit('a', NEVER);
    for (let i = 0; i < 100; i += 1) void rates.admit(`other-${i}`, NEVER);
    expect(rates.admit('a', NEVER)).to.be.an.instanceOf(Promise);
  });
});
