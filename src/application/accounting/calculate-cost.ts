import type { CreditMicros } from '../../domain/accounting/credits.ts';
import type { ModelCatalog } from '../ports/streaming/model-catalog.ts';
import { costOf, pricedModel } from './price-list.ts';

/** Calculates what tokens of a model cost, rounded up to the micro-credit. */
export class CalculateCost {
  readonly #deps: { catalog: ModelCatalog };

  constructor(deps: { catalog: ModelCatalog }) {
    this.#deps = deps;
  }

  /** @throws DomainError `model.not_found`, `model.price_unknown`, `credit.out_of_range`. */
  async execute(command: { modelId: string; tokens: number }): Promise<CreditMicros> {
    return costOf(pricedModel(this.#deps.catalog, command.modelId), command.tokens);
  }
}
