import { expect } from 'chai';
import type { LiveTail } from '../../src/application/ports/streaming/live-tail.ts';
import { eventually } from '../support/eventually.ts';
import { chunks, numberedStream } from '../support/stream-builders.ts';
import { TailRecorder } from '../support/tail-recorder.ts';

const ONE = numberedStream(1);
const OTHER = numberedStream(2);
const MANY = 500;

/** The tails of two nodes; one that carries nothing between them is both. */
export interface TailsUnderTest {
  readonly here: LiveTail;
  readonly elsewhere: LiveTail;
  /** Resolves when what is published elsewhere from now on is heard by those who have subscribed here. */
  subscribed(): Promise<void>;
}

/** The behaviour of every `LiveTail`. */
export function describeLiveTail(name: string, create: () => Promise<TailsUnderTest>): void {
  describe(`${name} as a LiveTail`, () => {
    let tails: TailsUnderTest;
    beforeEach(async () => {
      tails = await create();
    });

    it('carries events of its own node before publishing returns', () => {
      const reader = new TailRecorder();
      tails.here.subscribe(ONE, reader);
      tails.here.publish(ONE, chunks(2, 'a', 'b'));
      expect(reader.events).to.deep.equal(chunks(2, 'a', 'b'));
    });

    it('carries events whole, in order and once to all readers of their stream alone', async () => {
      const [first, second, apart] = [new TailRecorder(), new TailRecorder(), new TailRecorder()];
      tails.here.subscribe(ONE, first);
      tails.here.subscribe(ONE, second);
      tails.here.subscribe(OTHER, apart);
      await tails.subscribed();
      const published = Array.from({ length: MANY }, (_, index) =>
        chunks(index + 2, `${index} \u{1F600}"`),
      ).flat();
      for (const event of published) tails.elsewhere.publish(ONE, [event]);
      for (const { events } of [first, second]) {
        await eventually(async () => expect(events).to.have.length(MANY));
        expect(events).to.deep.equal(published);
      }
      expect(apart.events).to.deep.equal([]);
    });

    it('tells on every node that a writer is gone', async () => {
      const [reader, apart] = [new TailRecorder(), new TailRecorder()];
      tails.here.subscribe(ONE, reader);
      tails.here.subscribe(OTHER, apart);
      await tails.subscribed();
      tails.elsewhere.disconnect(ONE);
      await eventually(async () => expect(reader.disconnections).to.equal(1));
      tails.here.disconnect(ONE);
      await eventually(async () => expect(reader.disconnections).to.equal(2));
      expect(apart.disconnections).to.equal(0);
    });

    it('tells nothing to who has left, also where others stay', async () => {
      const [gone, kept] = [new TailRecorder(), new TailRecorder()];
      const leave = tails.here.subscribe(ONE, gone);
      tails.here.subscribe(ONE, kept);
      await tails.subscribed();
      leave();
      leave();
      tails.elsewhere.publish(ONE, chunks(2, 'a'));
      await eventually(async () => expect(kept.events).to.have.length(1));
      expect(gone.events).to.deep.equal([]);
    });

    it('lets who left come back', async () => {
      const reader = new TailRecorder();
      for (let visit = 0; visit < 20; visit += 1) tails.here.subscribe(ONE, reader)();
      tails.here.subscribe(ONE, reader);
      await tails.subscribed();
      tails.elsewhere.publish(ONE, chunks(2, 'a'));
      await eventually(async () => expect(reader.events).to.deep.equal(chunks(2, 'a')));
    });

    it('goes on when a reader leaves while all are told', () => {
      const [one, two] = [new TailRecorder(), new TailRecorder()];
      const leave = tails.here.subscribe(ONE, one);
      one.onEvents = () => leave();
      tails.here.subscribe(ONE, two);
      tails.here.publish(ONE, chunks(2, 'a'));
      tails.here.publish(ONE, chunks(3, 'b'));
      expect(two.events.map(({ offset }) => offset)).to.deep.equal([2, 3]);
    });
  });
}
