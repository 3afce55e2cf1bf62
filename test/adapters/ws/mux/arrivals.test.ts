import { expect } from 'chai';
import { Arrivals } from '../../../../src/adapters/inbound/ws/mux/arrivals.ts';

describe('what a session’s client is known to have', () => {
  /** What each waiter was told so far. */
  const told: Array<boolean | undefined> = [];
  const wait = (arrivals: Arrivals): number => {
    const at = told.push(undefined) - 1;
    void arrivals.confirmed().then((hasCome) => {
      told[at] = hasCome;
    });
    return at;
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const pong = (ping: Uint8Array | undefined): Buffer => Buffer.from(ping ?? []);
  beforeEach(() => told.splice(0));

  it('is asked right behind what was written, not before, and only where somebody waits', async () => {
    const arrivals = new Arrivals(1);
    arrivals.sent();
    wait(arrivals);
    expect(arrivals.written()).to.equal(undefined);
    const ping = arrivals.written();
    expect(ping).to.have.length(8);
    arrivals.sent();
    expect(arrivals.written()).to.equal(undefined);
    await turn();
    expect(told).to.deep.equal([undefined]);
    arrivals.answered(pong(ping));
    await turn();
    expect(told).to.deep.equal([true]);
  });

  it('is asked once at a time: the next PING stands for all that was written meanwhile', async () => {
    const arrivals = new Arrivals(0);
    for (const _ of [1, 2, 3, 4]) {
      arrivals.sent();
      wait(arrivals);
    }
    const first = arrivals.written();
    expect([arrivals.written(), arrivals.written()]).to.deep.equal([undefined, undefined]);
    const second = arrivals.answered(pong(first));
    await turn();
    expect(told).to.deep.equal([true, undefined, undefined, undefined]);
    expect(arrivals.answered(pong(second))).to.equal(undefined);
    await turn();
    expect(told).to.deep.equal([true, true, true, undefined]);
  });

  it('is not believed of a PONG that nobody asked for, or an old one', async () => {
    const arrivals = new Arrivals(0);
    for (const _ of [1, 2]) {
      arrivals.sent();
      wait(arrivals);
    }
    for (const stray of [Buffer.alloc(0), Buffer.alloc(8), Buffer.alloc(64)]) arrivals.answered(stray);
    const first = arrivals.written();
    arrivals.answered(Buffer.from('another.'));
    await turn();
    expect(told).to.deep.equal([undefined, undefined]);
    arrivals.answered(pong(first));
    arrivals.written();
    arrivals.answered(pong(first));
    await turn();
    expect(told).to.deep.equal([true, undefined]);
  });

  it('is never known of what had not been answered when the session was over', async () => {
    const arrivals = new Arrivals(0);
    for (const _ of [1, 2]) {
      arrivals.sent();
      wait(arrivals);
    }
    const ping = arrivals.written();
    arrivals.clear();
    arrivals.answered(pong(ping));
    await turn();
    expect(told).to.deep.equal([false, false]);
  });
});
