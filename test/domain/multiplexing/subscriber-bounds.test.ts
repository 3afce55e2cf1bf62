import { expect } from 'chai';
import fc from 'fast-check';
import { crowdedOut, SUBSCRIBER_BOUNDS } from '../../../src/domain/multiplexing/subscriber-bounds.ts';

describe('the bounds of what one owner has', () => {
  const { mux, control } = SUBSCRIBER_BOUNDS;

  it('release what was left first of more than 2,000 detached sessions', () => {
    const leaving = { isDetached: true, isNew: false };
    expect(crowdedOut({ ...leaving, others: { detached: 1_999, all: 3_999 } }, mux)).to.equal(0);
    expect(crowdedOut({ ...leaving, others: { detached: 2_000, all: 3_999 } }, mux)).to.equal(1);
  });

  it('release the oldest idle of 1,000 session routes for one more, and refuse it when none is idle', () => {
    const claiming = { isDetached: false, isNew: true };
    expect(crowdedOut({ ...claiming, others: { detached: 0, all: 999 } }, control)).to.equal(0);
    expect(crowdedOut({ ...claiming, others: { detached: 1, all: 1_000 } }, control)).to.equal(1);
    expect(crowdedOut({ ...claiming, others: { detached: 0, all: 1_000 } }, control)).to.equal(
      'limit-reached',
    );
  });

  it('hold after every claim and every departure, and never take what is held', () => {
    const few = fc.integer({ min: 1, max: 6 });
    const steps = fc.array(fc.record({ leave: fc.boolean(), pick: fc.nat(9) }), { maxLength: 80 });
    fc.assert(
      fc.property(few, few, steps, (most, total, walk) => {
        const bounds = { detached: most, all: total };
        let [held, detached] = [0, 0];
        for (const { leave } of walk) {
          if (leave && held === 0) continue;
          const others = leave ? { detached, all: held - 1 + detached } : { detached, all: held + detached };
          const crowded = crowdedOut({ others, isDetached: leave, isNew: !leave }, bounds);
          if (crowded === 'limit-reached') {
            expect(leave, 'who leaves is never refused').to.equal(false);
            expect(held).to.equal(total);
            continue;
          }
          held += leave ? -1 : 1;
          detached += (leave ? 1 : 0) - crowded;
          expect(detached).to.be.within(0, most);
          expect(held + detached).to.be.at.most(total);
        }
      }),
    );
  });
});
