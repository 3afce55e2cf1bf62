import type { ModelCatalog, ModelDescription } from '../../../application/ports/streaming/model-catalog.ts';
import { type ModelSettings, ModelSettingsError, priceOf } from './model-settings.ts';

/** The models that the configuration states, in its order; each has a price, or there is no catalog. */
export class ConfiguredModelCatalog implements ModelCatalog {
  readonly defaultModel: ModelDescription;
  readonly #models: ReadonlyMap<string, ModelDescription>;

  /** @throws ModelSettingsError for two models of one id, a model without a price, limits that contradict each other, or an unknown default. */
  constructor(settings: readonly ModelSettings[], defaultModelId: string) {
    const models = new Map<string, ModelDescription>();
    for (const model of settings) {
      if (models.has(model.id)) throw new ModelSettingsError(`Two models have the id "${model.id}"`);
      models.set(model.id, describe(model));
    }
    const defaultModel = models.get(defaultModelId);
    if (defaultModel === undefined) {
      throw new ModelSettingsError(
        `The default model "${defaultModelId}" is not among the configured models`,
      );
    }
    this.#models = models;
    this.defaultModel = defaultModel;
  }

  list(): readonly ModelDescription[] {
    return [...this.#models.values()];
  }

  find(id: string): ModelDescription | undefined {
    return this.#models.get(id);
  }
}

function describe(settings: ModelSettings): ModelDescription {
  const { id, name, description, capabilities, maxTokens, contextTokens } = settings;
  const positive = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  if (!positive(maxTokens) || !positive(contextTokens) || maxTokens >= contextTokens) {
    throw new ModelSettingsError(
      `The model "${id}" must have whole, positive maxTokens and contextTokens, with maxTokens below contextTokens`,
    );
  }
  return {
    id,
    name,
    description,
    capabilities: [...capabilities],
    priceMicrosPer1000: priceOf(settings),
    maxOutputTokens: maxTokens,
    contextTokens,
    available: true,
  };
}
