import { expect } from 'chai';
import { MemoryAttemptCounters } from '../../../../src/adapters/outbound/memory/identity/memory-attempt-counters.ts';
import { describeAttemptCounters } from '../../../contracts/attempt-counters.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describeAttemptCounters('MemoryAttemptCounters', async () => {
  const clock = new ManualClock();
  return { counters: new MemoryAttemptCounters({ clock }), advance: async (byMs) => clock.advance(byMs) };
});

describe('MemoryAttemptCounters', () => {
  it('keeps a bounded number of keys, those that were touched last', async () => {
    const counters = new MemoryAttemptCounters({ clock: new ManualClock(), maxKeys: 3 });
    const counter = counters.open({ name: 'guesses', limit: 9, windowMs: 1_000 });
    for (const key of ['a', 'b', 'c', 'a', 'd']) await counter.count(key);
    const kept = await Promise.all(['a', 'b', 'c', 'd'].map((key) => counter.look(key)));
    expect(kept.map((window) => window?.count)).to.deep.equal([2, undefined, 1, 1]);
  });
});
