import 'reflect-metadata';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Container } from 'inversify';
import { SystemTimers } from '../../src/adapters/outbound/system/system-timers.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';
import { bindModels, type ModelsConfig } from '../../src/main/modules/models.ts';
import { CLOCK, LOG, MODEL_CATALOG, MODELS, TIMERS } from '../../src/main/tokens.ts';
import { completionRequest, partsOf, textOf } from '../contracts/completion-model.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const config = (overrides: Partial<ModelsConfig> = {}): ModelsConfig => ({
  'model.pace': 0,
  'model.url': undefined,
  'model.id': undefined,
  'model.price': undefined,
  'model.keyFile': undefined,
  'model.maxTokens': 1_000,
  'model.contextTokens': 8_000,
  models: [],
  ...overrides,
});

const containerOf = (settings: ModelsConfig): Container => {
  const container = new Container();
  container.bind(CLOCK).toConstantValue(new ManualClock());
  container.bind(TIMERS).toConstantValue(new SystemTimers());
  container.bind(LOG).toConstantValue(new RecordingLog());
  bindModels(container, settings);
  return container;
};

describe('bindModels', () => {
  let upstream: FakeUpstream;
  let folder: string;
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    folder = await mkdtemp(join(tmpdir(), 'holdfast-models-'));
  });
  afterEach(async () => {
    await upstream.stop();
    await rm(folder, { recursive: true });
  });

  it('serves the handbook as the default and says what it is', () => {
    const catalog = containerOf(config()).get(MODEL_CATALOG);
    expect(catalog.defaultModel.id).to.equal('handbook');
    expect(catalog.defaultModel.name).to.contain('no language model');
    expect(catalog.defaultModel.description).to.contain('not a language model');
  });

  it('puts a configured server to work with its key, and asks it nothing before', async () => {
    const keyFile = join(folder, 'key');
    await writeFile(keyFile, 'sk-from-file\n');
    const url = new URL(upstream.url);
    const container = containerOf(
      config({ 'model.url': url, 'model.id': 'llama', 'model.price': 0.5, 'model.keyFile': keyFile }),
    );
    expect(container.get(MODEL_CATALOG).find('llama')).to.include({
      priceMicrosPer1000: 500_000,
      available: true,
    });
    expect(upstream.requests).to.have.length(0);
    const answer = container.get(MODELS).forModel('llama').stream(completionRequest());
    expect(textOf(await partsOf(answer))).to.equal('Hello world');
    const { headers, body } = await upstream.request(0);
    expect(headers.authorization).to.equal('Bearer sk-from-file');
    expect(body.model).to.equal('llama');
  });

  it('explains what is wrong with a model before it binds anything', () => {
    const model = {
      id: 'm',
      url: upstream.url,
      price: 1,
      description: '',
      capabilities: [],
      maxTokens: 100,
      contextTokens: 1_000,
    };
    const attempts: Array<[object, RegExp]> = [
      [{ contextTokens: 50 }, /maxTokens below contextTokens/],
      [{ price: 0.000_000_1 }, /needs a price/],
      [{ url: 'http://user:word@127.0.0.1/v1' }, /without credentials/],
      [{ keyFile: join(folder, 'missing') }, /cannot be read/],
    ];
    for (const [change, sentence] of attempts) {
      expect(() => containerOf(config({ models: [{ ...model, ...change }] }))).to.throw(
        ConfigError,
        sentence,
      );
    }
  });
});
