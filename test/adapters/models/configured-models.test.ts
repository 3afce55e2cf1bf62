import { expect } from 'chai';
import { ConfiguredCompletionModels } from '../../../src/adapters/outbound/models/configured-completion-models.ts';
import { ConfiguredModelCatalog } from '../../../src/adapters/outbound/models/configured-model-catalog.ts';
import {
  type ModelSettings,
  ModelSettingsError,
} from '../../../src/adapters/outbound/models/model-settings.ts';
import type { CompletionModel } from '../../../src/application/ports/streaming/completion-model.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';

const settings = (overrides: Partial<ModelSettings> = {}): ModelSettings => ({
  id: 'small',
  name: 'Small',
  description: 'A small model.',
  capabilities: ['general'],
  price: 0.25,
  maxTokens: 1_000,
  contextTokens: 8_000,
  ...overrides,
});

describe('ConfiguredModelCatalog', () => {
  it('lists the models in their order, priced in micro-credits, and names the default', () => {
    const catalog = new ConfiguredModelCatalog([settings(), settings({ id: 'free', price: 0 })], 'free');
    expect(catalog.list().map(({ id, priceMicrosPer1000 }) => [id, priceMicrosPer1000])).to.deep.equal([
      ['small', 250_000],
      ['free', 0],
    ]);
    expect(catalog.defaultModel.id).to.equal('free');
    expect(catalog.find('small')).to.deep.equal({
      id: 'small',
      name: 'Small',
      description: 'A small model.',
      capabilities: ['general'],
      priceMicrosPer1000: 250_000,
      maxOutputTokens: 1_000,
      contextTokens: 8_000,
      available: true,
    });
    expect(catalog.find('other')).to.equal(undefined);
  });

  it('refuses a model without a usable price: nothing is free by omission', () => {
    const prices = [undefined, null, '1', Number.NaN, -1, Number.POSITIVE_INFINITY, 0.000_000_1];
    for (const price of prices) {
      const broken = settings({ price: price as number });
      expect(() => new ConfiguredModelCatalog([broken], 'small'), String(price)).to.throw(
        ModelSettingsError,
        '"small" needs a price',
      );
    }
  });

  it('refuses two models of one id, limits that contradict each other, and an unknown default', () => {
    const attempts: Array<[ModelSettings[], string]> = [
      [[settings(), settings()], 'small'],
      [[settings({ maxTokens: 8_000 })], 'small'],
      [[settings({ maxTokens: 0 })], 'small'],
      [[settings({ contextTokens: 0.5 })], 'small'],
      [[settings()], 'other'],
    ];
    for (const [models, defaultId] of attempts) {
      expect(() => new ConfiguredModelCatalog(models, defaultId)).to.throw(ModelSettingsError);
    }
  });
});

describe('ConfiguredCompletionModels', () => {
  const model: CompletionModel = {
    async *stream() {
      yield { kind: 'end', finishReason: 'stop' };
    },
    countPromptTokens: async () => 0,
    estimatePromptTokens: () => 0,
  };

  it('finds the adapter of a model and refuses an unknown id', () => {
    const models = new ConfiguredCompletionModels(new Map([['small', model]]));
    expect(models.forModel('small')).to.equal(model);
    expect(() => models.forModel('__proto__'))
      .to.throw(DomainError)
      .with.property('code', 'model.not_found');
  });
});
