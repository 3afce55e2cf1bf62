import { fileURLToPath } from 'node:url';
import type { Container } from 'inversify';
import { HandbookModel } from '../../adapters/outbound/handbook/handbook-model.ts';
import { Ticker } from '../../adapters/outbound/handbook/ticker.ts';
import { ConfiguredCompletionModels } from '../../adapters/outbound/models/configured-completion-models.ts';
import { ConfiguredModelCatalog } from '../../adapters/outbound/models/configured-model-catalog.ts';
import type { ModelSettings } from '../../adapters/outbound/models/model-settings.ts';
import type { CompletionModel } from '../../application/ports/completion-model.ts';
import { CLOCK, MODEL_CATALOG, MODELS, TIMERS } from '../tokens.ts';

/** The built-in model, which answers where no other is named. */
const HANDBOOK: ModelSettings = {
  id: 'handbook',
  name: 'Holdfast handbook (retrieval, no language model)',
  description:
    "Retrieves passages of Holdfast's own handbook and streams them. Built in, needs no download; it is not a language model.",
  capabilities: ['general', 'handbook'],
  price: 1,
  maxTokens: 2_048,
  contextTokens: 32_768,
};

/** The folder of README.md and docs, in a checkout and in an installed package alike. */
const DOCUMENT_ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What the models need to know. */
export interface ModelsSettings {
  /** Pace of the handbook; 0 is as fast as it can. */
  readonly paceTokensPerSecond: number;
}

/**
 * Binds the models of this deployment and their catalog; needs `CLOCK` and `TIMERS`.
 *
 * @throws ModelSettingsError with a sentence for the operator, before anything is bound.
 */
export function bindModels(container: Container, settings: ModelsSettings): void {
  const catalog = new ConfiguredModelCatalog([HANDBOOK], HANDBOOK.id);
  container.bind(MODEL_CATALOG).toConstantValue(catalog);
  container
    .bind(MODELS)
    .toResolvedValue(
      (clock, timers) => {
        const handbook = new HandbookModel({
          ticker: new Ticker({ clock, timers }),
          documentRoot: DOCUMENT_ROOT,
          tokensPerSecond: settings.paceTokensPerSecond,
        });
        return new ConfiguredCompletionModels(new Map<string, CompletionModel>([[HANDBOOK.id, handbook]]));
      },
      [CLOCK, TIMERS],
    )
    .inSingletonScope();
}
