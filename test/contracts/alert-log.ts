import { expect } from 'chai';
import type { AlertLog } from '../../src/application/ports/alerts/alert-log.ts';
import { type Alert, MAX_DETAIL_UNITS } from '../../src/domain/alerts/alert.ts';
import { anAlertRaise } from '../support/alert-builders.ts';
import { T0 } from '../support/ledger-builders.ts';
import { owner } from '../support/subscriber-builders.ts';

/** How many alerts a log under test keeps. */
export const KEPT = 8;
const RACERS = 40;

const all = (log: AlertLog): Promise<readonly Alert[]> => log.list({ after: 0, limit: 100 });

/** The behaviour of every `AlertLog`. `create` gives an empty one that keeps `KEPT` alerts. */
export function describeAlertLog(name: string, create: () => Promise<AlertLog>): void {
  describe(`${name} as an AlertLog`, () => {
    let log: AlertLog;
    beforeEach(async () => {
      log = await create();
    });

    it('tells of what was raised, with everything that is known of it', async () => {
      const raise = anAlertRaise({ count: 3 });
      const raised = await log.raise(raise);
      const { windowMs: _windowMs, ...facts } = raise;
      expect(raised).to.deep.equal({ ...facts, seq: raised.seq, untilMs: T0 + 1_000 });
      expect(await all(log)).to.deep.equal([raised]);
    });

    it('counts what repeats into the alert whose window is open, and tells of it again', async () => {
      const first = await log.raise(anAlertRaise());
      await log.raise(anAlertRaise({ principal: owner(2) }));
      const again = await log.raise(anAlertRaise({ atMs: T0 + 999, count: 4, detail: 'foreign 5' }));
      expect(again).to.deep.equal({ ...first, seq: again.seq, count: 5, detail: 'foreign 5' });
      expect(again.seq).to.be.greaterThan(first.seq);
      expect((await all(log)).map(({ principal, count }) => [principal, count])).to.deep.equal([
        [owner(2), 1],
        [owner(1), 5],
      ]);
    });

    it('begins another once the window has closed, and for each kind', async () => {
      await log.raise(anAlertRaise());
      await log.raise(anAlertRaise({ kind: 'breaches.repeated' }));
      await log.raise(anAlertRaise({ atMs: T0 + 1_000 }));
      await log.raise(anAlertRaise({ atMs: T0 + 1_500 }));
      expect((await all(log)).map(({ kind, atMs, count }) => [kind, atMs - T0, count])).to.deep.equal([
        ['takeover.refused', 0, 1],
        ['breaches.repeated', 0, 1],
        ['takeover.refused', 1_000, 2],
      ]);
    });

    it('counts what comes late once, and moves nothing back by it', async () => {
      await log.raise(anAlertRaise());
      const next = await log.raise(anAlertRaise({ atMs: T0 + 1_500, detail: 'foreign 2' }));
      const late = await log.raise(anAlertRaise({ atMs: T0 + 1, count: 3, detail: 'foreign 1' }));
      expect(late.seq).to.be.greaterThan(next.seq);
      const told = (await all(log)).map(({ atMs, untilMs, count }) => [atMs - T0, untilMs - T0, count]);
      expect(told).to.deep.equal([
        [0, 1_000, 1],
        [1_500, 2_500, 4],
      ]);
    });

    it('is read on without a gap and without a repeat of what has not changed', async () => {
      for (let number = 1; number <= 5; number += 1)
        await log.raise(anAlertRaise({ principal: owner(number) }));
      const page = await log.list({ after: 0, limit: 3 });
      expect(page.map(({ principal }) => principal)).to.deep.equal([owner(1), owner(2), owner(3)]);
      await log.raise(anAlertRaise({ principal: owner(2) }));
      const rest = await log.list({ after: page.at(-1)?.seq ?? 0, limit: 9 });
      expect(rest.map(({ principal }) => principal)).to.deep.equal([owner(4), owner(5), owner(2)]);
      expect(await log.list({ after: rest.at(-1)?.seq ?? 0, limit: 9 })).to.deep.equal([]);
      expect(await log.list({ after: 0, limit: 0 })).to.deep.equal([]);
    });

    it('forgets what was changed longest ago once there is more than it keeps', async () => {
      for (let number = 1; number <= KEPT; number += 1)
        await log.raise(anAlertRaise({ principal: owner(number) }));
      const changed = await log.raise(anAlertRaise());
      const last = await log.raise(anAlertRaise({ principal: owner(99) }));
      const kept = await all(log);
      expect(kept).to.have.length(KEPT);
      expect(kept.map(({ principal }) => principal)).to.not.include(owner(2));
      expect(kept.slice(-2)).to.deep.equal([changed, last]);
    });

    it('cuts a detail that is too long', async () => {
      const { detail } = await log.raise(anAlertRaise({ detail: 'x'.repeat(MAX_DETAIL_UNITS + 1) }));
      expect(detail).to.equal(`${'x'.repeat(MAX_DETAIL_UNITS - 1)}…`);
    });

    it('has one alert of many that are raised at once, with each of them counted', async () => {
      const raises = Array.from({ length: RACERS }, () => log.raise(anAlertRaise()));
      await Promise.all(raises);
      expect((await all(log)).map(({ count }) => count)).to.deep.equal([RACERS]);
    });
  });
}
