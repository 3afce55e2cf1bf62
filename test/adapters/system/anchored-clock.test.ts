import { expect } from 'chai';
import fc from 'fast-check';
import { AnchoredClock } from '../../../src/adapters/outbound/system/anchored-clock.ts';
import { describeClock } from '../../contracts/clock.ts';

const HOUR_MS = 3_600_000;
/** The server's time when the script begins. */
const BEGIN_MS = 1_750_000_000_000;

/** How long a question is on its way there and back, in milliseconds. */
type Way = readonly [number, number];

/** A server and a machine whose times a test moves; nothing in it waits. */
class Script {
  /** Milliseconds since the script began, in truth. */
  elapsedMs = 0;
  /** What the server's clock shows beyond the truth. */
  serverAheadMs = 0;
  ways: Way[] = [];
  isLost = false;
  questions = 0;
  /** Where monotonic time begins: as long after the start of the machine as the test likes. */
  readonly #bootMs: number;

  constructor(bootMs = 12_345.678) {
    this.#bootMs = bootMs;
  }

  readonly monotonicMs = (): number => this.#bootMs + this.elapsedMs;

  readonly ask = async (): Promise<number> => {
    this.questions += 1;
    const [there, back] = this.ways.shift() ?? [1, 1];
    this.elapsedMs += there;
    if (this.isLost) throw new Error('the server is lost');
    const serverMs = this.serverMs;
    this.elapsedMs += back;
    return serverMs;
  };

  get serverMs(): number {
    return BEGIN_MS + this.elapsedMs + this.serverAheadMs;
  }
}

const failing = (clock: AnchoredClock): Promise<Error> =>
  clock.anchor().then(
    () => expect.fail('it was anchored'),
    (error: Error) => error,
  );

describe('an anchored clock', () => {
  const script = new Script();
  const clock = AnchoredClock.start(script);
  let started: AnchoredClock;
  before(async () => {
    started = await clock;
  });
  describeClock('anchored', () => ({
    clock: started,
    elapse: () => {
      script.elapsedMs += 5;
    },
  }));

  it("is the server's, wherever monotonic time began", async () => {
    for (const bootMs of [0, -HOUR_MS, 1e9, 12.75]) {
      const begun = new Script(bootMs);
      const now = (await AnchoredClock.start(begun)).nowMs();
      expect(now).to.be.within(Math.floor(begun.serverMs), Math.ceil(begun.serverMs));
    }
  });

  it('goes on by monotonic time between anchors, and while the server is lost', async () => {
    const begun = new Script();
    const going = await AnchoredClock.start(begun);
    begun.isLost = true;
    for (const passed of [1, 59_000, 6 * HOUR_MS]) {
      begun.elapsedMs += passed;
      expect((await failing(going)).message).to.equal('the server is lost');
      expect(going.nowMs()).to.be.closeTo(begun.serverMs, 1);
    }
  });

  it('believes the quickest of several answers, and is wrong by half of its way at most', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 400 })), {
          minLength: 5,
          maxLength: 5,
        }),
        async (ways) => {
          const begun = new Script();
          begun.ways = [...ways];
          const anchored = await AnchoredClock.start(begun);
          const bound = Math.min(...ways.map(([there, back]) => there + back)) / 2;
          expect(anchored.nowMs()).to.be.closeTo(begun.serverMs, bound + 1);
        },
      ),
    ));

  it('takes no anchor from answers that are all slow', async () => {
    const begun = new Script();
    const going = await AnchoredClock.start(begun);
    begun.serverAheadMs = HOUR_MS;
    begun.ways = Array.from({ length: 5 }, (): Way => [0, 1_001]);
    expect((await failing(going)).message).to.equal('no answer about the time came within 1000 ms');
    expect(going.nowMs()).to.be.closeTo(begun.serverMs - HOUR_MS, 1);
    begun.ways = Array.from({ length: 5 }, (): Way => [0, 1_001]);
    const never = await AnchoredClock.start(begun).catch((error: Error) => error.message);
    expect(never).to.contain('no answer');
  });

  it('follows a server that has been set ahead at its next anchor', async () => {
    const begun = new Script();
    const going = await AnchoredClock.start(begun);
    begun.serverAheadMs = HOUR_MS;
    const { aheadMs, boundMs } = await going.anchor();
    expect([Math.round(aheadMs), boundMs]).to.deep.equal([-HOUR_MS, 1]);
    expect(going.nowMs()).to.be.closeTo(begun.serverMs, 1);
  });

  it('never steps back: one that is ahead goes on at half speed until the server has caught up', async () => {
    const begun = new Script();
    const going = await AnchoredClock.start(begun);
    begun.serverAheadMs = -2_000;
    const before = going.nowMs();
    expect((await going.anchor()).aheadMs).to.be.closeTo(2_000, 10);
    const anchored = going.nowMs();
    expect(anchored).to.be.at.least(before);
    begun.elapsedMs += 1_000;
    expect(going.nowMs()).to.be.closeTo(anchored + 500, 1);
    begun.elapsedMs += 3_000;
    expect(going.nowMs()).to.be.closeTo(begun.serverMs, 1);
  });

  it('never steps back, whatever the server says and however its answers travel', () => {
    const step = fc.record({
      passed: fc.integer({ min: 0, max: 100_000 }),
      serverAheadMs: fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
      way: fc.tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 700 })),
      isLost: fc.boolean(),
    });
    return fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const begun = new Script();
        const going = await AnchoredClock.start(begun);
        let last = going.nowMs();
        for (const { passed, serverAheadMs, way, isLost } of steps) {
          begun.elapsedMs += passed;
          begun.serverAheadMs = serverAheadMs;
          begun.ways = Array.from({ length: 5 }, () => way);
          begun.isLost = isLost;
          await going.anchor().catch(() => undefined);
          const now = going.nowMs();
          expect(now).to.be.at.least(last);
          last = now;
        }
      }),
    );
  });

  it('asks five times for each anchor', async () => {
    const begun = new Script();
    await AnchoredClock.start(begun);
    expect(begun.questions).to.equal(5);
  });
});
