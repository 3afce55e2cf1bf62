import { expect } from 'chai';
import { DeliveryMarks, GATHER_MS, MARKED_AT_ONCE } from '../../../src/application/control/delivery-marks.ts';
import type { Log } from '../../../src/application/ports/log.ts';
import type { AgentEventId } from '../../../src/domain/control/agent-event-state.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const LOG = { warn: () => undefined } as unknown as Log;

/** Marks before a store that says how many it was given in each write. */
function world() {
  const timers = new ManualTimers();
  const writes: number[] = [];
  const store = { delivered: async (verdicts: readonly unknown[]) => void writes.push(verdicts.length) };
  const marks = new DeliveryMarks({ store, timers, metrics: new RecordingMetrics(), log: LOG });
  const add = (count: number): void => {
    for (let number = 0; number < count; number += 1)
      marks.add({ id: `evt-${number}` as AgentEventId, mark: String(number), done: () => undefined });
  };
  return { timers, writes, marks, add };
}

describe('marks of verdicts that have come', () => {
  it('gather for a moment, and are written together', async () => {
    const { timers, writes, add } = world();
    add(1);
    await timers.advance(GATHER_MS / 2);
    add(2);
    expect(writes).to.deep.equal([]);
    await timers.advance(GATHER_MS / 2);
    expect(writes).to.deep.equal([3]);
  });

  it('are written at once when everything is to be known, also those that come meanwhile', async () => {
    const { writes, marks, add } = world();
    add(1);
    const flushed = marks.flushed();
    add(1);
    await flushed;
    expect(writes.reduce((sum, count) => sum + count, 0)).to.equal(2);
  });

  it('do not wait for more where a write is full', async () => {
    const { timers, writes, add } = world();
    add(MARKED_AT_ONCE + 1);
    await timers.advance(GATHER_MS);
    expect(writes[0]).to.equal(MARKED_AT_ONCE);
    await timers.advance(GATHER_MS);
    expect(writes).to.deep.equal([MARKED_AT_ONCE, 1]);
  });
});
