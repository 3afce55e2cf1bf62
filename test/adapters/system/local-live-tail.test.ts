import { expect } from 'chai';
import { LocalLiveTail } from '../../../src/adapters/outbound/system/local-live-tail.ts';
import type { StreamEvent } from '../../../src/domain/streaming/stream-event.ts';
import { chunks, numberedStream } from '../../support/stream-builders.ts';

function listener(): {
  got: StreamEvent[];
  gone: number;
  onEvents(events: readonly StreamEvent[]): void;
  onDisconnected(): void;
} {
  return {
    got: [],
    gone: 0,
    onEvents(events) {
      this.got.push(...events);
    },
    onDisconnected() {
      this.gone += 1;
    },
  };
}

describe('the live tail of one process', () => {
  it('carries events to the listeners of their stream alone, in order', () => {
    const tail = new LocalLiveTail();
    const [one, other] = [listener(), listener()];
    tail.subscribe(numberedStream(1), one);
    tail.subscribe(numberedStream(2), other);
    tail.publish(numberedStream(1), chunks(2, 'a'));
    tail.publish(numberedStream(1), chunks(3, 'b', 'c'));
    tail.disconnect(numberedStream(1));
    expect(one.got.map(({ offset }) => offset)).to.deep.equal([2, 3, 4]);
    expect([one.gone, other.gone, other.got.length]).to.deep.equal([1, 0, 0]);
  });

  it('tells nothing to who has left, even when he left while others were told', () => {
    const tail = new LocalLiveTail();
    const [one, two] = [listener(), listener()];
    const leave = tail.subscribe(numberedStream(1), two);
    tail.subscribe(numberedStream(1), {
      ...one,
      onEvents: () => leave(),
    });
    tail.publish(numberedStream(1), chunks(2, 'a'));
    tail.publish(numberedStream(1), chunks(3, 'b'));
    expect(two.got.map(({ offset }) => offset)).to.deep.equal([2]);
  });
});
