import { expect } from 'chai';
import fc from 'fast-check';
import { InvariantViolation } from '../../../src/domain/invariant.ts';
import { IdleWheel, type Watched } from '../../../src/domain/multiplexing/idle-wheel.ts';
import { T0 } from '../../support/ledger-builders.ts';

const TIMEOUT_MS = 300_000;

class Thing implements Watched<Thing> {
  readonly name: string | number;
  usedAtMs = 0;
  wheelSlot: number | undefined;
  wheelNext: Thing | undefined;
  wheelPrevious: Thing | undefined;

  constructor(name: string | number) {
    this.name = name;
  }
}

/** A thing that a wheel watches from then on. */
function watched(wheel: IdleWheel<Thing>, name: string | number, nowMs: number): Thing {
  const thing = new Thing(name);
  wheel.watch(thing, nowMs);
  return thing;
}

/** The names of what is idle now. */
const idle = (wheel: IdleWheel<Thing>, nowMs: number) => wheel.advance(nowMs).map(({ name }) => name);

describe('an idle wheel', () => {
  it('tells what was not used for the time, once, and not before', () => {
    const wheel = new IdleWheel<Thing>(TIMEOUT_MS, T0);
    watched(wheel, 'idle', T0);
    const busy = watched(wheel, 'busy', T0);
    busy.usedAtMs = T0 + 200_000;
    expect(idle(wheel, T0 + TIMEOUT_MS - 1)).to.deep.equal([]);
    expect(idle(wheel, T0 + TIMEOUT_MS + 2 * wheel.tickMs)).to.deep.equal(['idle']);
    expect(idle(wheel, T0 + 499_999)).to.deep.equal([]);
    expect(idle(wheel, T0 + 500_000 + 2 * wheel.tickMs)).to.deep.equal(['busy']);
    expect(idle(wheel, T0 + 10 * TIMEOUT_MS)).to.deep.equal([]);
    expect(wheel.size).to.equal(0);
  });

  it('says nothing of what is not watched any more', () => {
    const wheel = new IdleWheel<Thing>(TIMEOUT_MS, T0);
    const gone = watched(wheel, 'gone', T0);
    wheel.unwatch(gone);
    wheel.unwatch(gone);
    expect(wheel.size).to.equal(0);
    expect(idle(wheel, T0 + 2 * TIMEOUT_MS)).to.deep.equal([]);
  });

  it('is right after any uses, waits and leaps of the clock', () => {
    const step = fc.record({
      waitMs: fc.oneof(fc.nat(20_000), fc.integer({ min: -50_000, max: 2_000_000 })),
      use: fc.array(fc.nat(19), { maxLength: 4 }),
      begin: fc.boolean(),
      end: fc.option(fc.nat(19), { freq: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (walk) => {
        const wheel = new IdleWheel<Thing>(TIMEOUT_MS, T0);
        const watches = new Map<string | number, Thing>();
        let [nowMs, latestMs, next] = [T0, T0, 0];
        for (const { waitMs, use, begin, end } of walk) {
          nowMs += waitMs;
          latestMs = Math.max(latestMs, nowMs);
          for (const ended of idle(wheel, nowMs)) {
            const watch = watches.get(ended);
            expect(watch, 'told once').to.not.equal(undefined);
            expect(nowMs - (watch?.usedAtMs ?? 0), 'not before its time').to.be.at.least(TIMEOUT_MS);
            watches.delete(ended);
          }
          for (const { usedAtMs } of watches.values()) {
            // Where the clock has gone back, what was used later is late by as much.
            const lateMs = latestMs === nowMs ? nowMs - usedAtMs : 0;
            expect(lateMs, 'not long after').to.be.below(TIMEOUT_MS + 2 * wheel.tickMs);
          }
          if (begin) {
            watches.set(next, watched(wheel, next, nowMs));
            next += 1;
          }
          const live = [...watches.values()];
          for (const number of use) {
            const watch = live[number % Math.max(1, live.length)];
            if (watch !== undefined) watch.usedAtMs = nowMs;
          }
          const ending = end === null ? undefined : live[end % Math.max(1, live.length)];
          if (ending !== undefined) {
            wheel.unwatch(ending);
            watches.delete(ending.name);
          }
          expect(wheel.size).to.equal(watches.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('watches 100,000 by one timer: each is looked at about once in its time, not at every tick', () => {
    const wheel = new IdleWheel<Thing>(TIMEOUT_MS, T0);
    for (let number = 0; number < 100_000; number += 1) watched(wheel, number, T0 + number);
    const started = performance.now();
    let told = 0;
    for (let nowMs = T0; nowMs < T0 + 2 * TIMEOUT_MS; nowMs += wheel.tickMs)
      told += wheel.advance(nowMs).length;
    expect(told).to.equal(100_000);
    expect(performance.now() - started, 'milliseconds').to.be.below(2_000);
  });

  it('takes whole times above 0', () => {
    for (const bad of [0, -1, 0.5, Number.NaN]) {
      expect(() => new IdleWheel(bad, T0), `${bad}`).to.throw(InvariantViolation);
    }
    expect(new IdleWheel(1, T0).tickMs).to.equal(1);
  });
});
