import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Container } from 'inversify';
import { HandbookModel } from '../../adapters/outbound/handbook/handbook-model.ts';
import { Ticker } from '../../adapters/outbound/handbook/ticker.ts';
import { ConfiguredCompletionModels } from '../../adapters/outbound/models/configured-completion-models.ts';
import { ConfiguredModelCatalog } from '../../adapters/outbound/models/configured-model-catalog.ts';
import { type ModelSettings, ModelSettingsError } from '../../adapters/outbound/models/model-settings.ts';
import { OpenAiCompletionModel } from '../../adapters/outbound/openai/openai-completion-model.ts';
import { UpstreamEndpoint } from '../../adapters/outbound/openai/upstream-endpoint.ts';
import { GptTokenCounter } from '../../adapters/outbound/tokenizer/gpt-token-counter.ts';
import type { CompletionModel } from '../../application/ports/streaming/completion-model.ts';
import type { Config } from '../config.ts';
import { ConfigError } from '../configuration/config-error.ts';
import type { UpstreamModel } from '../configuration/upstream-model.ts';
import { CLOCK, LOG, MODEL_CATALOG, MODELS, TIMERS } from '../tokens.ts';

/** The built-in model, which answers where no other is named. */
const HANDBOOK: ModelSettings = {
  id: 'handbook',
  name: 'Holdfast handbook (retrieval, no language model)',
  description: "Retrieves passages of Holdfast's own handbook: built in, no download, not a language model.",
  capabilities: ['general', 'handbook'],
  price: 1,
  maxTokens: 2_048,
  contextTokens: 32_768,
};

/** The folder of README.md and docs, in a checkout and in an installed package alike. */
const DOCUMENT_ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What of the configuration the models follow from. */
export type ModelsConfig = Pick<
  Config,
  | 'model.pace'
  | 'model.url'
  | 'model.id'
  | 'model.price'
  | 'model.keyFile'
  | 'model.maxTokens'
  | 'model.contextTokens'
  | 'models'
>;

interface Upstream extends UpstreamModel {
  readonly apiKey: string | undefined;
}

/**
 * Binds `MODELS` and `MODEL_CATALOG`; needs `CLOCK`, `TIMERS` and `LOG`. Nothing is sent to an upstream
 * before somebody asks its model.
 *
 * @throws ConfigError before anything is bound, for a model without a price, a URL or key that cannot be
 *   used, or a key file that cannot be read.
 */
export function bindModels(container: Container, config: ModelsConfig): void {
  const upstreams = upstreamsOf(config);
  const catalog = catalogOf(upstreams);
  container.bind(MODEL_CATALOG).toConstantValue(catalog);
  container
    .bind(MODELS)
    .toResolvedValue(
      (clock, timers, log) => {
        const tokens = new GptTokenCounter();
        const handbook = new HandbookModel({
          ticker: new Ticker({ clock, timers }),
          documentRoot: DOCUMENT_ROOT,
          tokensPerSecond: config['model.pace'],
        });
        const models = new Map<string, CompletionModel>([[HANDBOOK.id, handbook]]);
        for (const { id, url, apiKey, upstreamModel } of upstreams) {
          const settings = { url, model: upstreamModel ?? id, ...(apiKey === undefined ? {} : { apiKey }) };
          models.set(id, new OpenAiCompletionModel({ tokens, clock, timers, log }, settings));
        }
        return new ConfiguredCompletionModels(models);
      },
      [CLOCK, TIMERS, LOG],
    )
    .inSingletonScope();
}

/**
 * Sees to it that `bindModels` would succeed.
 *
 * @throws ConfigError as it does.
 */
export function checkModels(config: ModelsConfig): void {
  catalogOf(upstreamsOf(config));
}

/** The models of the file's list, and the one of the flags. */
function upstreamsOf(config: ModelsConfig): readonly Upstream[] {
  const { 'model.url': url, 'model.id': id, 'model.price': price, 'model.keyFile': keyFile } = config;
  const single: UpstreamModel[] =
    url === undefined || id === undefined || price === undefined
      ? []
      : [
          {
            id,
            url: url.href,
            price,
            description: 'A model of an OpenAI-compatible server.',
            capabilities: ['general'],
            maxTokens: config['model.maxTokens'],
            contextTokens: config['model.contextTokens'],
            ...(keyFile === undefined ? {} : { keyFile }),
          },
        ];
  return [...config.models, ...single].map((model) => {
    const apiKey = model.keyFile === undefined ? undefined : readKey(model.id, model.keyFile);
    checkEndpoint(model, apiKey);
    return { ...model, apiKey };
  });
}

function catalogOf(upstreams: readonly Upstream[]): ConfiguredModelCatalog {
  try {
    const others = upstreams.map((model) => ({ ...model, name: model.name ?? model.id }));
    return new ConfiguredModelCatalog([HANDBOOK, ...others], HANDBOOK.id);
  } catch (error) {
    if (!(error instanceof ModelSettingsError)) throw error;
    throw new ConfigError([`models: ${error.message}.`], { cause: error });
  }
}

function checkEndpoint({ id, url }: UpstreamModel, apiKey: string | undefined): void {
  try {
    new UpstreamEndpoint({ url, ...(apiKey === undefined ? {} : { apiKey }) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigError([`models: ${id}: ${error.message}.`], { cause: error });
  }
}

function readKey(id: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ConfigError([`models: ${id}: the key file ${path} cannot be read.`], { cause: error });
  }
}
