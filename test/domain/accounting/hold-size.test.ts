import { expect } from 'chai';
import fc from 'fast-check';
import { chargeFor, micros } from '../../../src/domain/accounting/credits.ts';
import {
  MAX_ESTIMATE_SCALE,
  raisedScale,
  scaledEstimate,
} from '../../../src/domain/accounting/estimate-scale.ts';
import { MIN_OUTPUT_TOKENS, sizeHold } from '../../../src/domain/accounting/hold-size.ts';

/** One micro-credit a token. */
const PRICE = micros(1_000);
const size = (wish: Partial<Parameters<typeof sizeHold>[0]>): ReturnType<typeof sizeHold> =>
  sizeHold({
    availableMicros: micros(1_000_000),
    priceMicrosPer1000: PRICE,
    promptTokens: 100,
    modelMaxOutputTokens: 8_192,
    capOutputTokens: 4_096,
    ...wish,
  });

describe('the size of a hold', () => {
  it('covers the whole prompt and the smaller of the model and the cap when credit is plenty', () => {
    expect(size({})).to.deep.equal({ amountMicros: 4_196, maxOutputTokens: 4_096, limitedBy: 'model' });
    expect(size({ modelMaxOutputTokens: 1_000 })).to.deep.equal({
      amountMicros: 1_100,
      maxOutputTokens: 1_000,
      limitedBy: 'model',
    });
  });

  it('covers what the credit pays for when that is less, and says so', () => {
    expect(size({ availableMicros: micros(1_100) })).to.deep.equal({
      amountMicros: 1_100,
      maxOutputTokens: 1_000,
      limitedBy: 'credit',
    });
    expect(size({ availableMicros: micros(4_196) })).to.include({ limitedBy: 'model' });
    expect(size({ availableMicros: micros(4_195) })).to.include({ limitedBy: 'credit' });
  });

  it('is none below the smallest call', () => {
    const least = 100 + MIN_OUTPUT_TOKENS;
    expect(size({ availableMicros: micros(least) })).to.include({ maxOutputTokens: MIN_OUTPUT_TOKENS });
    expect(size({ availableMicros: micros(least - 1) })).to.equal(undefined);
    expect(size({ availableMicros: micros(0) })).to.equal(undefined);
    expect(size({ promptTokens: Number.MAX_SAFE_INTEGER })).to.equal(undefined);
  });

  it('lets a model that says less than the smallest call say all it can', () => {
    expect(size({ modelMaxOutputTokens: 50, availableMicros: micros(150) })).to.include({
      maxOutputTokens: 50,
    });
    expect(size({ modelMaxOutputTokens: 50, availableMicros: micros(149) })).to.equal(undefined);
  });

  it('is nothing for a free model, whatever the credit', () => {
    expect(size({ priceMicrosPer1000: micros(0), availableMicros: micros(0) })).to.deep.equal({
      amountMicros: 0,
      maxOutputTokens: 4_096,
      limitedBy: 'model',
    });
  });

  it('never passes the available credit and always covers prompt and maximum', () => {
    const wishes = fc.record({
      availableMicros: fc.nat(1e9).map(micros),
      priceMicrosPer1000: fc.nat(1e7).map(micros),
      promptTokens: fc.nat(1e6),
      modelMaxOutputTokens: fc.integer({ min: 1, max: 1e5 }),
      capOutputTokens: fc.integer({ min: 1, max: 1e4 }),
    });
    fc.assert(
      fc.property(wishes, (wish) => {
        const hold = sizeHold(wish);
        if (hold === undefined) return;
        expect(hold.amountMicros).to.be.at.most(wish.availableMicros);
        expect(hold.maxOutputTokens).to.be.at.most(Math.min(wish.modelMaxOutputTokens, wish.capOutputTokens));
        const worst = chargeFor(wish.promptTokens + hold.maxOutputTokens, wish.priceMicrosPer1000);
        expect(hold.amountMicros).to.equal(worst);
      }),
    );
  });
});

describe('the scale of estimates', () => {
  it('doubles with every shortfall up to its bound', () => {
    expect([1, 2, 4, 8, 16].map(raisedScale)).to.deep.equal([
      2,
      4,
      8,
      MAX_ESTIMATE_SCALE,
      MAX_ESTIMATE_SCALE,
    ]);
  });

  it('keeps a scaled estimate a number of tokens', () => {
    expect(scaledEstimate(100, 2)).to.equal(200);
    expect(scaledEstimate(Number.MAX_SAFE_INTEGER, 16)).to.equal(Number.MAX_SAFE_INTEGER);
  });
});
