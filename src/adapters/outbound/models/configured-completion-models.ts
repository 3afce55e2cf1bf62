import type {
  CompletionModel,
  CompletionModels,
} from '../../../application/ports/streaming/completion-model.ts';
import { DomainError } from '../../../domain/domain-error.ts';

/** The adapter of each configured model, by the model's id. */
export class ConfiguredCompletionModels implements CompletionModels {
  readonly #models: ReadonlyMap<string, CompletionModel>;

  constructor(models: ReadonlyMap<string, CompletionModel>) {
    this.#models = new Map(models);
  }

  forModel(modelId: string): CompletionModel {
    const model = this.#models.get(modelId);
    if (model === undefined) throw new DomainError('model.not_found', 'This model is not served here');
    return model;
  }
}
