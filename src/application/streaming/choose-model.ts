import type { ModelCatalog, ModelDescription } from '../ports/streaming/model-catalog.ts';

/** The model that answers: the wished one when it is there and available, else the default. */
export function chooseModel(catalog: ModelCatalog, wished: string | undefined): ModelDescription {
  const found = wished === undefined ? undefined : catalog.find(wished);
  return found?.available ? found : catalog.defaultModel;
}
