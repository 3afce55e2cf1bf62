import { expect } from 'chai';
import type { Clock } from '../../src/application/ports/clock.ts';

/** What every clock promises. `elapse` lets some of its time pass. */
export function describeClock(
  name: string,
  create: () => { readonly clock: Clock; readonly elapse: () => void },
): void {
  describe(`a clock: ${name}`, () => {
    it('tells unix time in whole milliseconds', () => {
      const { clock } = create();
      expect(clock.nowMs()).to.satisfy(Number.isSafeInteger).and.to.be.greaterThan(1_600_000_000_000);
    });

    it('never tells less than it told before, however often it is asked', () => {
      const { clock } = create();
      let last = clock.nowMs();
      for (let asked = 0; asked < 10_000; asked += 1) {
        const now = clock.nowMs();
        expect(now).to.be.at.least(last);
        last = now;
      }
    });

    it('goes on', () => {
      const { clock, elapse } = create();
      const before = clock.nowMs();
      elapse();
      expect(clock.nowMs()).to.be.greaterThan(before);
    });
  });
}
