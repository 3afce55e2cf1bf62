import { expect } from 'chai';
import { type HeldReader, OwnerReading } from '../../../src/adapters/inbound/control/owner-reading.ts';
import type { SubscriberOwner } from '../../../src/domain/multiplexing/subscriber-owner.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const MAX_BYTES = 100;

class Reader implements HeldReader {
  readonly owner: SubscriberOwner;
  isHeld = false;

  constructor(owner: SubscriberOwner = 'agent:a') {
    this.owner = owner;
  }

  hold(): void {
    this.isHeld = true;
  }

  letGo(): void {
    this.isHeld = false;
  }
}

describe("reading one owner's messages", () => {
  let metrics: RecordingMetrics;
  let reading: OwnerReading;
  let readers: Reader[];
  let sibling: Reader;
  const held = (): readonly boolean[] => readers.map(({ isHeld }) => isHeld);

  beforeEach(() => {
    metrics = new RecordingMetrics();
    reading = new OwnerReading({ maxBytes: MAX_BYTES, metrics });
    readers = [new Reader(), new Reader(), new Reader()];
    sibling = new Reader('agent:b');
    for (const reader of [...readers, sibling]) reading.add(reader);
  });

  it('goes on one byte below what may be in memory, and holds all of his connections at it', () => {
    reading.read('agent:a', MAX_BYTES - 1);
    expect(held()).to.deep.equal([false, false, false]);
    reading.read('agent:a', 1);
    expect(held()).to.deep.equal([true, true, true]);
    expect(sibling.isHeld).to.equal(false);
    expect(metrics.of('holdfast_control_owner_waits_total').map(({ labels }) => labels)).to.deep.equal([
      { what: 'message' },
    ]);
  });

  it('goes on when what was read has been acted on', () => {
    const acted = reading.read('agent:a', 60);
    const last = reading.read('agent:a', 60);
    acted();
    expect(held()).to.deep.equal([false, false, false]);
    reading.read('agent:a', 40);
    expect(held()).to.deep.equal([true, true, true]);
    last();
    expect(held()).to.deep.equal([false, false, false]);
  });

  it('holds a connection that comes while the others are held', () => {
    reading.read('agent:a', MAX_BYTES);
    const late = new Reader();
    reading.add(late);
    expect(late.isHeld).to.equal(true);
  });

  it('remembers what was read by connections that have gone, until it has been acted on', () => {
    const acted = reading.read('agent:a', MAX_BYTES);
    for (const reader of readers) reading.remove(reader);
    const next = new Reader();
    reading.add(next);
    expect(next.isHeld).to.equal(true);
    acted();
    expect(next.isHeld).to.equal(false);
  });

  it('counts the connections of an owner, and forgets an owner of whom there is nothing', () => {
    expect([reading.readersOf('agent:a'), reading.readersOf('agent:c')]).to.deep.equal([3, 0]);
    const empty = reading.read('agent:a', 0);
    for (const reader of [...readers, sibling]) reading.remove(reader);
    expect(reading.size).to.equal(0);
    const [first] = readers;
    if (first !== undefined) reading.add(first);
    empty();
    expect(reading.readersOf('agent:a')).to.equal(1);
  });
});
