import { expect } from 'chai';
import { NO_WIRE, type RedisWire } from '../../../../src/adapters/outbound/redis/redis-wire.ts';
import { RedisLiveTail } from '../../../../src/adapters/outbound/redis/streaming/redis-live-tail.ts';
import { describeLiveTail } from '../../../contracts/live-tail.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';
import { chunks, numberedStream } from '../../../support/stream-builders.ts';
import { TailRecorder } from '../../../support/tail-recorder.ts';

describeLiveTail('RedisLiveTail on one node without Redis', async () => {
  const tail = new RedisLiveTail({ wire: NO_WIRE, timers: new ManualTimers() });
  return { here: tail, elsewhere: tail, subscribed: async () => undefined };
});

/** A wire that loses what it is told while it is full, and keeps the rest for the test. */
class FullWire implements RedisWire {
  readonly isConnected = true;
  isFull = true;
  readonly sent: string[] = [];

  publish(_channel: string, text: string, onLost: () => void = () => undefined): void {
    if (this.isFull) onLost();
    else this.sent.push(text.replace(/^\S+ /, ''));
  }

  subscribe(): () => void {
    return () => undefined;
  }
}

describe('a tail whose wire loses something', () => {
  it('tells the readers elsewhere so, once for each stream, when there is room again', async () => {
    const [timers, wire] = [new ManualTimers(), new FullWire()];
    const tail = new RedisLiveTail({ wire, timers });
    for (const offset of [2, 3, 4]) tail.publish(numberedStream(1), chunks(offset, 'a'));
    tail.disconnect(numberedStream(2));
    await timers.advance(1_000);
    wire.isFull = false;
    await timers.advance(1_000);
    expect(wire.sent).to.deep.equal(['missed', 'missed']);
    expect(timers.sleeping).to.equal(0);
  });

  it('sends readers to the log after some seconds of silence, since it may be the last word that was lost', async () => {
    const timers = new ManualTimers();
    const tail = new RedisLiveTail({ wire: new FullWire(), timers });
    const reader = new TailRecorder();
    tail.subscribe(numberedStream(1), reader);
    await timers.advance(4_900);
    expect(reader.misses).to.equal(0);
    await timers.advance(100);
    expect(reader.misses).to.equal(1);
  });
});

describe('a tail without Redis', () => {
  let timers: ManualTimers;
  let tail: RedisLiveTail;
  beforeEach(() => {
    timers = new ManualTimers();
    tail = new RedisLiveTail({ wire: NO_WIRE, timers });
  });

  it('sends readers to the log four times a second', async () => {
    const [first, second] = [new TailRecorder(), new TailRecorder()];
    tail.subscribe(numberedStream(1), first);
    tail.subscribe(numberedStream(2), second);
    await timers.advance(1_000);
    expect([first.misses, second.misses]).to.deep.equal([4, 4]);
  });

  it('spares those whose writer is on their node, unless it is silent for long or gone', async () => {
    const reader = new TailRecorder();
    tail.subscribe(numberedStream(1), reader);
    for (let second = 0; second < 20; second += 1) {
      tail.publish(numberedStream(1), chunks(second + 2, 'a'));
      await timers.advance(1_000);
    }
    expect(reader.misses).to.equal(0);
    await timers.advance(10_000);
    expect(reader.misses).to.equal(1);
    tail.disconnect(numberedStream(1));
    await timers.advance(1_000);
    expect(reader.misses).to.equal(5);
  });

  it('looks for nobody when nobody reads, and again for who comes', async () => {
    const reader = new TailRecorder();
    const leave = tail.subscribe(numberedStream(1), reader);
    leave();
    await timers.advance(1_000);
    expect([reader.misses, timers.sleeping]).to.deep.equal([0, 0]);
    tail.subscribe(numberedStream(1), reader);
    await timers.advance(250);
    expect(reader.misses).to.equal(1);
  });
});
