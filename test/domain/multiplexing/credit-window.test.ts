import { expect } from 'chai';
import fc from 'fast-check';
import { InvariantViolation } from '../../../src/domain/invariant.ts';
import {
  CreditWindow,
  DEFAULT_WINDOW_BYTES,
  GrantedWindow,
  MAX_WINDOW_BYTES,
  MIN_WINDOW_BYTES,
} from '../../../src/domain/multiplexing/credit-window.ts';

describe('a credit window', () => {
  it('lets a payload start while it is above 0, and take it below', () => {
    const window = new CreditWindow(MIN_WINDOW_BYTES);
    expect(window.spend(MIN_WINDOW_BYTES - 1)).to.equal(true);
    expect(window.spend(65_536)).to.equal(true);
    expect(window.bytes).to.equal(-65_535);
    expect(window.isOpen).to.equal(false);
    expect(window.spend(0), 'not even an empty one').to.equal(false);
    expect(window.grant(65_535)).to.equal(true);
    expect(window.spend(1), 'at exactly 0').to.equal(false);
    expect(window.grant(1)).to.equal(true);
    expect(window.spend(1)).to.equal(true);
  });

  it('is broken by a grant above 2^31 − 1, and takes one up to it', () => {
    const window = new CreditWindow(MIN_WINDOW_BYTES);
    expect(window.grant(MAX_WINDOW_BYTES - MIN_WINDOW_BYTES + 1)).to.equal(false);
    expect(window.bytes).to.equal(MIN_WINDOW_BYTES);
    expect(window.grant(MAX_WINDOW_BYTES - MIN_WINDOW_BYTES)).to.equal(true);
    expect(window.bytes).to.equal(MAX_WINDOW_BYTES);
    expect(window.grant(0)).to.equal(true);
    expect(window.grant(1)).to.equal(false);
    expect(window.grant(2 ** 32 - 1)).to.equal(false);
  });

  it('begins with 64 KiB to 2^31 − 1 bytes', () => {
    for (const bad of [0, MIN_WINDOW_BYTES - 1, MAX_WINDOW_BYTES + 1, 1e5 + 0.5, Number.NaN]) {
      expect(() => new CreditWindow(bad), `${bad}`).to.throw(InvariantViolation);
    }
    expect(new CreditWindow(MAX_WINDOW_BYTES).bytes).to.equal(MAX_WINDOW_BYTES);
  });

  it('is the same on both sides after any traffic, never above its first size and never broken by our own grants', () => {
    const payloads = fc.array(fc.record({ bytes: fc.nat(65_536), lag: fc.nat(3) }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: MIN_WINDOW_BYTES, max: 1_000_000 }), payloads, (first, traffic) => {
        const [sender, receiver] = [new CreditWindow(first), new GrantedWindow(first)];
        const queued: number[] = [];
        const finishOne = (): void => {
          const granted = receiver.finish(queued.shift() ?? 0);
          if (granted > 0) expect(sender.grant(granted)).to.equal(true);
        };
        for (const { bytes, lag } of traffic) {
          if (sender.spend(bytes)) {
            expect(receiver.receive(bytes)).to.equal(true);
            queued.push(bytes);
          }
          while (queued.length > lag) finishOne();
          expect(sender.bytes).to.equal(receiver.bytes);
          expect(sender.bytes).to.be.at.most(first);
        }
        while (queued.length > 0) finishOne();
        // Whatever is still owed is less than half, so that a sender never waits for a grant that does not come.
        expect(sender.bytes).to.be.above(Math.floor(first / 2) - 1);
      }),
    );
  });

  it('tells who sends without being allowed to', () => {
    const receiver = new GrantedWindow(DEFAULT_WINDOW_BYTES);
    expect(receiver.receive(DEFAULT_WINDOW_BYTES)).to.equal(true);
    expect(receiver.receive(1)).to.equal(false);
    expect(receiver.finish(DEFAULT_WINDOW_BYTES / 2 - 1)).to.equal(0);
    expect(receiver.finish(1)).to.equal(DEFAULT_WINDOW_BYTES / 2);
    expect(receiver.receive(1)).to.equal(true);
  });
});
