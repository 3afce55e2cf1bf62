import { expect } from 'chai';
import type {
  AttemptCounter,
  AttemptCounters,
} from '../../src/application/ports/identity/attempt-counters.ts';

const RULE = { name: 'guesses', limit: 3, windowMs: 100_000 };
/** How much time may pass by itself for counters that go by a server's clock, in milliseconds. */
const SLACK_MS = 9_000;

/** An attempt that is counted: how many there are with it, and the name of their window. */
async function counted(
  counter: AttemptCounter,
  key: string,
): Promise<{ readonly count: number; readonly window: string }> {
  const outcome = await counter.count(key);
  if (outcome.kind === 'refused') throw new Error('the window is full');
  return outcome;
}

const about = (expectedMs: number, foundMs: number | undefined): void => {
  expect(foundMs).to.be.within(expectedMs - SLACK_MS, expectedMs);
};

/**
 * What every keeper of attempts promises. `advance` lets time pass for the counters that `create` made last, which
 * have counted nothing yet.
 */
export function describeAttemptCounters(
  name: string,
  create: () => Promise<{ counters: AttemptCounters; advance(byMs: number): Promise<void> }>,
): void {
  describe(`${name} as attempt counters`, () => {
    let counters: AttemptCounters;
    let advance: (byMs: number) => Promise<void>;

    beforeEach(async () => {
      ({ counters, advance } = await create());
    });

    it('counts up to the limit, then says when the window closes', async () => {
      const counter = counters.open(RULE);
      for (const count of [1, 2, 3]) expect(await counter.count('a')).to.include({ kind: 'counted', count });
      await advance(40_000);
      const outcome = await counter.count('a');
      about(60_000, outcome.kind === 'refused' ? outcome.retryAfterMs : undefined);
      expect(await counter.count('b')).to.include({ kind: 'counted', count: 1 });
    });

    it('counts exactly the limit of many that race', async () => {
      const counter = counters.open(RULE);
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => counter.count('a')));
      expect(outcomes.filter(({ kind }) => kind === 'counted')).to.have.length(3);
      expect((await counter.look('a'))?.count).to.equal(3);
    });

    it('starts anew when the window has closed, which refused attempts never put off', async () => {
      const counter = counters.open(RULE);
      for (let attempt = 0; attempt < 3; attempt += 1) await counter.count('a');
      for (let attempt = 0; attempt < 9; attempt += 1) {
        await advance(10_000);
        expect((await counter.count('a')).kind).to.equal('refused');
      }
      await advance(10_000);
      expect(await counter.look('a')).to.equal(undefined);
      expect(await counter.count('a')).to.include({ kind: 'counted', count: 1 });
    });

    it('opens a window of the length that an attempt asks for', async () => {
      const counter = counters.open({ ...RULE, limit: 1 });
      await counter.count('a', 500_000);
      await advance(400_000);
      const outcome = await counter.count('a', 900_000);
      about(100_000, outcome.kind === 'refused' ? outcome.retryAfterMs : undefined);
      const window = await counter.look('a');
      expect(window?.count).to.equal(1);
      about(100_000, window?.endsInMs);
    });

    it('makes room again for what is given back, also after refusals', async () => {
      const counter = counters.open(RULE);
      const { window } = await counted(counter, 'a');
      for (let attempt = 0; attempt < 5; attempt += 1) await counter.count('a');
      await counter.giveBack('a', window);
      expect(await counter.count('a')).to.include({ kind: 'counted', count: 3 });
      expect((await counter.count('a')).kind).to.equal('refused');
    });

    it('closes the window of which everything was given back', async () => {
      const counter = counters.open(RULE);
      const { window } = await counted(counter, 'a');
      await advance(50_000);
      await counter.giveBack('a', window);
      expect(await counter.look('a')).to.equal(undefined);
      await counter.giveBack('a', window);
      expect(await counter.count('a')).to.include({ kind: 'counted', count: 1 });
      about(100_000, (await counter.look('a'))?.endsInMs);
    });

    it('has nothing after giving back what was forgotten', async () => {
      const counter = counters.open(RULE);
      const { window } = await counted(counter, 'a');
      await counter.forget('a');
      await counter.giveBack('a', window);
      expect(await counter.look('a')).to.equal(undefined);
      expect(await counter.count('a')).to.include({ kind: 'counted', count: 1 });
    });

    for (const [way, close] of [
      ['ended', () => advance(100_000)],
      ['was forgotten', () => counters.open(RULE).forget('a')],
    ] as const) {
      it(`gives nothing back late into a window that was opened after its own ${way}`, async () => {
        const counter = counters.open(RULE);
        const late = await counted(counter, 'a');
        expect((await counted(counter, 'a')).window).to.equal(late.window);
        await close();
        for (const count of [1, 2, 3]) expect((await counted(counter, 'a')).count).to.equal(count);
        await counter.giveBack('a', late.window);
        expect((await counter.look('a'))?.count).to.equal(3);
        expect((await counter.count('a')).kind).to.equal('refused');
      });
    }

    it('keeps the counts of one name together and those of others apart', async () => {
      await counters.open(RULE).count('a');
      expect(await counters.open(RULE).count('a')).to.include({ kind: 'counted', count: 2 });
      expect((await counters.open({ ...RULE, name: 'others' }).look('a'))?.count).to.equal(undefined);
    });
  });
}
