import {
  type CreditMicros,
  chargeFor,
  MAX_OPERATION_MICROS,
  tokensPaidBy,
} from '../../domain/accounting/credits.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { ModelCatalog, ModelDescription } from '../ports/streaming/model-catalog.ts';

/** Most tokens that one report or estimate may name: far beyond any model, and any charge for it is a safe integer. */
export const MAX_REPORTED_TOKENS = 100_000_000;
/** Highest price that is believed, in micro-credits per 1,000 tokens (10,000 credits): above it a typing error is likelier. */
export const MAX_PRICE_MICROS_PER_1000 = 10_000_000_000;

/**
 * A model with a price that can be charged. What is not known is not guessed: without a price nothing is reserved.
 *
 * @throws DomainError `model.not_found`, `model.price_unknown`.
 */
export function pricedModel(catalog: ModelCatalog, modelId: string): ModelDescription {
  const model = catalog.find(modelId);
  if (model === undefined) throw new DomainError('model.not_found', 'There is no such model');
  const price = model.priceMicrosPer1000;
  const known = Number.isSafeInteger(price) && price >= 0 && price <= MAX_PRICE_MICROS_PER_1000;
  if (!known || !Number.isSafeInteger(model.maxOutputTokens) || model.maxOutputTokens < 1) {
    throw new DomainError('model.price_unknown', 'The price of this model is not known');
  }
  return model;
}

/**
 * What tokens of a model cost.
 *
 * @throws DomainError `credit.out_of_range` beyond the largest amount of one operation.
 */
export function costOf(model: ModelDescription, tokens: number): CreditMicros {
  if (tokens > tokensPaidBy(MAX_OPERATION_MICROS, model.priceMicrosPer1000)) {
    throw new DomainError('credit.out_of_range', 'That many tokens cost more than one operation may move');
  }
  return chargeFor(tokens, model.priceMicrosPer1000);
}
