import { expect } from 'chai';
import fc from 'fast-check';
import type { Waiting } from '../../../../src/adapters/inbound/ws/mux/own-together.ts';
import { TimedQueue } from '../../../../src/adapters/inbound/ws/mux/timed-queue.ts';
import { WaitTimes } from '../../../../src/adapters/inbound/ws/mux/wait-times.ts';

const CHUNK_BYTES = 65_536;
/** What the last payload of one message may pin beside what waits, in bytes. */
const MOST_BESIDE_BYTES = 4 * CHUNK_BYTES;

/** Payloads of a turn: whether each comes in a message of its own, how long it is, and whether it is borrowed. */
const arriving = fc.record({
  isNew: fc.boolean(),
  length: fc.oneof(fc.nat(20), fc.nat(2_000), fc.nat(40_000)),
  isBorrowed: fc.boolean(),
});
const turn = fc.record({ arrivals: fc.array(arriving, { maxLength: 12 }), leave: fc.nat(12) });

interface Marked extends Waiting {
  readonly mark: number;
}

/** A queue, the messages that payloads come in, and what a payload is to say. */
class Model {
  readonly queue = new TimedQueue<Marked>(new WaitTimes());
  readonly waiting: Marked[] = [];
  readonly messages: Buffer[] = [];
  #at = Number.POSITIVE_INFINITY;
  #mark = 0;

  arrive({ isNew, length, isBorrowed }: { isNew: boolean; length: number; isBorrowed: boolean }): void {
    this.#mark = 1 + (this.#mark % 255);
    const payload = isBorrowed ? this.#view(isNew, length) : Buffer.alloc(length);
    payload.fill(this.#mark);
    const item = { payload, isBorrowed, cost: length + 9, next: undefined, mark: this.#mark };
    this.waiting.push(item);
    this.queue.begin(item, 0);
  }

  /** The turn is over; what comes in the next one comes in messages of its own. @returns the messages of this one. */
  end(): Buffer[] {
    this.queue.own();
    this.#at = Number.POSITIVE_INFINITY;
    return this.messages.splice(0);
  }

  leave(): void {
    expect(this.queue.end(0)).to.equal(this.waiting.shift());
  }

  /** Memory that what waits keeps alive, in bytes. */
  get pinnedBytes(): number {
    const pinned = new Set(this.waiting.map(({ payload }) => payload.buffer));
    return [...pinned].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get waitingBytes(): number {
    return this.waiting.reduce((sum, { payload }) => sum + payload.length, 0);
  }

  #view(isNew: boolean, length: number): Buffer {
    if (isNew || this.#at + length > CHUNK_BYTES) {
      this.messages.push(Buffer.alloc(CHUNK_BYTES));
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += length;
    return (this.messages.at(-1) as Buffer).subarray(start, this.#at);
  }
}

describe('what still waits when its turn is over', () => {
  it('says what it said, also when the messages it came in are written over, and pins little beside itself', () => {
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 12 }), (turns) => {
        const model = new Model();
        for (const { arrivals, leave } of turns) {
          for (const arrival of arrivals) model.arrive(arrival);
          for (let left = 0; left < leave && model.waiting.length > 0; left += 1) model.leave();
          const messages = model.end();
          expect(model.queue.isBorrowing).to.equal(false);
          const kept = new Set(model.waiting.map(({ payload }) => payload.buffer));
          for (const message of messages) if (!kept.has(message.buffer)) message.fill(0);
          for (const { payload, mark } of model.waiting)
            expect(payload.every((byte) => byte === mark)).to.equal(true);
          expect(model.pinnedBytes).to.be.at.most(2 * model.waitingBytes + MOST_BESIDE_BYTES);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is copied once for all that came in one message', () => {
    const queue = new TimedQueue<Waiting>(new WaitTimes());
    const message = Buffer.alloc(CHUNK_BYTES);
    const items = Array.from({ length: 100 }, (_, at) => {
      const payload = message.subarray(at * 16, at * 16 + 16);
      return { payload, isBorrowed: true, cost: 25, next: undefined } satisfies Waiting;
    });
    for (const item of items) queue.begin(item, 0);
    queue.own();
    const memories = new Set(items.map(({ payload }: Waiting) => payload.buffer));
    expect([...memories].map(({ byteLength }) => byteLength)).to.deep.equal([1_600]);
  });

  it('stays where it is when it is most of the message that it came in', () => {
    const queue = new TimedQueue<Waiting>(new WaitTimes());
    const message = Buffer.alloc(CHUNK_BYTES);
    const halves = [message.subarray(0, 20_000), message.subarray(20_000, 40_000)];
    const items = halves.map((payload): Waiting => ({ payload, isBorrowed: true, cost: 1, next: undefined }));
    for (const item of items) queue.begin(item, 0);
    queue.own();
    expect(items.map(({ payload }) => payload)).to.deep.equal(halves);
    expect(items.every(({ payload }) => payload.buffer === message.buffer)).to.equal(true);
  });

  it('is copied when what would have been most of the message has left', () => {
    const queue = new TimedQueue<Waiting>(new WaitTimes());
    const message = Buffer.alloc(CHUNK_BYTES);
    const items = [message.subarray(0, 60_000), message.subarray(60_000, 60_010)].map(
      (payload): Waiting => ({ payload, isBorrowed: true, cost: 1, next: undefined }),
    );
    for (const item of items) queue.begin(item, 0);
    queue.end(0);
    queue.own();
    expect(items[1]?.payload.buffer.byteLength).to.equal(10);
  });
});
