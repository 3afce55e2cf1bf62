import { expect } from 'chai';
import { CryptoIdSource } from '../../../../src/adapters/outbound/system/crypto-id-source.ts';
import { LocalLiveTail } from '../../../../src/adapters/outbound/system/local-live-tail.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type { EventLog } from '../../../../src/application/ports/streaming/event-log.ts';
import { EventWriter } from '../../../../src/application/streaming/engine/event-writer.ts';
import type { StreamEvent } from '../../../../src/domain/streaming/stream-event.ts';
import { EagerTimers } from '../../../support/eager-timers.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { numberedStream } from '../../../support/stream-builders.ts';

/** A log whose appends and reads go wrong in the order that a test gives. */
class UncertainLog implements EventLog {
  readonly stored: StreamEvent[] = [];
  readonly #appends: Array<'stored' | 'lost-answer' | 'taken'>;
  readonly #reads: Array<'answered' | 'failed'>;

  constructor(appends: Array<'stored' | 'lost-answer' | 'taken'>, reads: Array<'answered' | 'failed'> = []) {
    this.#appends = appends;
    this.#reads = reads;
  }

  async append(_id: unknown, events: readonly StreamEvent[]): Promise<void> {
    const how = this.#appends.shift() ?? 'stored';
    if (how === 'taken') throw new PortError('conflict', 'store', 'it is taken');
    this.stored.push(...events);
    if (how === 'lost-answer') throw new PortError('timeout', 'store', 'nobody knows');
  }

  async read(_id: unknown, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    if (this.#reads.shift() === 'failed') throw new PortError('unavailable', 'store', 'it is away');
    return this.stored.filter(({ offset }) => offset > afterOffset).slice(0, limit);
  }
}

describe('a writer of events that does not hear what became of them', () => {
  async function write(eventLog: EventLog): Promise<EventWriter> {
    const deps = {
      clock: new ManualClock(),
      timers: new EagerTimers(60_000),
      ids: new CryptoIdSource(),
      log: new RecordingLog(),
      eventLog,
      tail: new LocalLiveTail(),
      settings: { storeStallMs: 10_000 },
    };
    const writer = new EventWriter(deps, numberedStream(1), 2, () => undefined);
    writer.add('text', 1);
    await writer.drained();
    return writer;
  }

  it('finds them in the log when their place is taken', async () => {
    const writer = await write(new UncertainLog(['lost-answer', 'taken']));
    expect([writer.fault, writer.storedText, writer.lastOffset]).to.deep.equal([undefined, 'text', 2]);
  });

  it('asks again when the log cannot be read at that moment', async () => {
    const log = new UncertainLog(
      ['lost-answer', 'taken', 'taken', 'taken'],
      ['failed', 'failed', 'answered'],
    );
    const writer = await write(log);
    expect([writer.fault, writer.storedText, log.stored.length]).to.deep.equal([undefined, 'text', 1]);
  });

  it('gives up when the place is another’s', async () => {
    const log = new UncertainLog(['taken']);
    const writer = await write(log);
    expect([writer.fault, writer.storedText]).to.deep.equal(['lost', '']);
  });
});
