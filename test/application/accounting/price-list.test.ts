import { expect } from 'chai';
import fc from 'fast-check';
import {
  costOf,
  MAX_PRICE_MICROS_PER_1000,
  MAX_REPORTED_TOKENS,
  pricedModel,
} from '../../../src/application/accounting/price-list.ts';
import type {
  ModelCatalog,
  ModelDescription,
} from '../../../src/application/ports/streaming/model-catalog.ts';
import {
  type CreditMicros,
  chargeFor,
  MAX_OPERATION_MICROS,
} from '../../../src/domain/accounting/credits.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { expectThrown } from '../../support/refusals.ts';

const modelAt = (price: number, maxOutputTokens = 900): ModelDescription => ({
  id: 'model',
  name: 'model',
  description: '',
  capabilities: [],
  priceMicrosPer1000: price as CreditMicros,
  maxOutputTokens,
  contextTokens: 8_192,
  available: true,
});
const catalogOf = (model: ModelDescription): ModelCatalog => ({
  list: () => [model],
  find: (id) => (id === model.id ? model : undefined),
  defaultModel: model,
});

describe('the price list', () => {
  for (const price of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_PRICE_MICROS_PER_1000 + 1]) {
    it(`takes ${price} for no price`, () => {
      expectThrown(() => pricedModel(catalogOf(modelAt(price)), 'model'), 'model.price_unknown');
    });
  }

  it('takes a model without a largest answer for one without a price', () => {
    for (const most of [0, -1, Number.NaN, 1.5]) {
      expectThrown(() => pricedModel(catalogOf(modelAt(1, most)), 'model'), 'model.price_unknown');
    }
  });

  it('knows a free model and the dearest one', () => {
    for (const price of [0, MAX_PRICE_MICROS_PER_1000]) {
      expect(pricedModel(catalogOf(modelAt(price)), 'model').priceMicrosPer1000).to.equal(price);
    }
  });

  it('does not guess a model', () => {
    expectThrown(() => pricedModel(catalogOf(modelAt(1)), 'other'), 'model.not_found');
  });

  it('never leaves the safe integers, whatever is reported at whatever price', () => {
    const prices = fc.integer({ min: 0, max: MAX_PRICE_MICROS_PER_1000 });
    const tokens = fc.integer({ min: 0, max: MAX_REPORTED_TOKENS });
    fc.assert(
      fc.property(prices, tokens, (price, count) => {
        const owed = chargeFor(count, price as CreditMicros);
        expect(Number.isSafeInteger(owed)).to.equal(true);
        try {
          expect(costOf(modelAt(price), count))
            .to.equal(owed)
            .and.at.most(MAX_OPERATION_MICROS);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          expect(error.code).to.equal('credit.out_of_range');
          expect(owed).to.be.greaterThan(MAX_OPERATION_MICROS - 1);
        }
      }),
    );
    expect(
      Number.isSafeInteger(chargeFor(MAX_REPORTED_TOKENS, MAX_PRICE_MICROS_PER_1000 as CreditMicros)),
    ).to.equal(true);
  });
});
