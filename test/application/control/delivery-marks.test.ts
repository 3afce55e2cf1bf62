import { expect } from 'chai';
import {
  DeliveryMarks,
  MARKED_AT_ONCE,
  MARKS_GATHER_MS,
} from '../../../src/application/control/delivery-marks.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { AgentEventId } from '../../../src/domain/control/agent-event-state.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

/** Marks whose writes a test sees, and lets fail as often as it says. */
function world() {
  const timers = new ManualTimers();
  const writes: string[][] = [];
  let failures = 0;
  const store = {
    delivered: async (verdicts: ReadonlyArray<{ readonly mark: string }>) => {
      if (failures > 0) {
        failures -= 1;
        throw new PortError('unavailable', 'store', 'the store takes nothing');
      }
      writes.push(verdicts.map(({ mark }) => mark));
    },
  };
  const marks = new DeliveryMarks({
    store,
    timers,
    metrics: new RecordingMetrics(),
    log: new RecordingLog(),
  });
  const done: string[] = [];
  const add = (mark: string): void => {
    marks.add({ id: `evt-${mark}` as AgentEventId, mark, done: () => done.push(mark) });
  };
  const fail = (times: number): void => {
    failures = times;
  };
  return { marks, timers, writes, done, add, fail };
}

describe('the marks of what has come', () => {
  it('gather, and are written together', async () => {
    const { timers, writes, done, add } = world();
    add('1');
    await timers.advance(MARKS_GATHER_MS - 1);
    add('2');
    expect(writes).to.deep.equal([]);
    await timers.advance(1);
    expect(writes).to.deep.equal([['1', '2']]);
    expect(done).to.deep.equal(['1', '2']);
    add('3');
    await timers.advance(MARKS_GATHER_MS);
    expect(writes).to.deep.equal([['1', '2'], ['3']]);
    expect(timers.sleeping).to.equal(0);
  });

  it('wait for nothing when somebody wants them stored', async () => {
    const { marks, writes, add } = world();
    const all = Array.from({ length: MARKED_AT_ONCE + 1 }, (_, number) => String(number));
    for (const mark of all) add(mark);
    await marks.flushed();
    expect(writes.map(({ length }) => length)).to.deep.equal([MARKED_AT_ONCE, 1]);
    await marks.flushed();
    expect(writes.flat()).to.deep.equal(all);
  });

  it('are stored for whoever asked also while others are added all the time', async () => {
    const { marks, writes, add } = world();
    add('1');
    const flushed = marks.flushed().then(() => writes.flat());
    add('2');
    expect(await flushed).to.include('1');
  });

  it('are tried again in their order when the store takes nothing, which whoever asked does not wait for', async () => {
    const { marks, timers, writes, done, add, fail } = world();
    fail(1);
    add('1');
    await marks.flushed();
    expect(done).to.deep.equal([]);
    add('2');
    await timers.advance(1_000);
    expect(writes).to.deep.equal([['1', '2']]);
    expect(done).to.deep.equal(['1', '2']);
  });
});
