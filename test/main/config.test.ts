import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/main/config.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';
import { configurationDocument } from '../../src/main/configuration/configuration-document.ts';
import type { SettingKey } from '../../src/main/configuration/settings.ts';

/** A MongoDB on this machine. */
const LOCAL = 'mongodb://127.0.0.1';

describe('the configuration', () => {
  let folder: string;
  let path: string;
  const file = (yaml: string): void => writeFileSync(path, yaml);
  const load = (
    flags: Partial<Record<SettingKey, unknown>> = {},
    environment: Record<string, string> = {},
    withFile = false,
  ): Promise<Config> => loadConfig({ flags, environment, file: withFile ? path : undefined });

  async function problems(
    flags: Partial<Record<SettingKey, unknown>>,
    environment: Record<string, string> = {},
    withFile = false,
  ): Promise<string> {
    try {
      await load(flags, environment, withFile);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.join('\n');
      throw error;
    }
    throw new Error('the configuration was taken');
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
    path = join(folder, 'holdfast.yaml');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has the documented defaults', async () => {
    const config = await load();
    expect(config).to.include({
      service: 'all',
      host: '127.0.0.1',
      authPort: 3000,
      accountingPort: 3001,
      chatPort: 3002,
      demo: false,
      drainGrace: 20_000,
      'model.pace': 40,
      'streams.deadline': 120_000,
      'streams.maximum': 900_000,
      'tokens.refresh': 604_800_000,
    });
  });

  it('lets flags win over the environment and the environment over the file', async () => {
    file('chatPort: 1\nauthPort: 1\naccountingPort: 6\nstreams:\n  deadline: 30s\n');
    const environment = { HOLDFAST_CHAT_PORT: '2', HOLDFAST_AUTH_PORT: '2' };
    const config = await load({ chatPort: '3' }, environment, true);
    expect(config).to.include({ chatPort: 3, authPort: 2, accountingPort: 6, 'streams.deadline': 30_000 });
  });

  it('finds its file by the environment too', async () => {
    file('chatPort: 4444\n');
    expect(await load({}, { HOLDFAST_CONFIG: path })).to.include({ chatPort: 4444 });
  });

  it('reads repeated settings from flags, variables and lists', async () => {
    const asTexts = (config: Config): string[] => config.publicUrl.map((url) => url.href);
    const both = ['https://a.example/', 'https://b.example/'];
    file('publicUrl: [https://a.example, https://b.example]\n');
    expect(asTexts(await load({}, {}, true))).to.deep.equal(both);
    expect(asTexts(await load({ publicUrl: both }))).to.deep.equal(both);
    expect(
      asTexts(await load({}, { HOLDFAST_PUBLIC_URL: 'https://a.example, https://b.example' })),
    ).to.deep.equal(both);
  });

  it('names the nearest setting for an unknown key, with its path', async () => {
    file('streams:\n  deadlin: 5s\n');
    const found = await problems({}, {}, true);
    expect(found).to.contain('there is no setting streams.deadlin. Did you mean streams.deadline?');
    expect(found).to.contain(path);
  });

  it('warns of a variable that looks mistyped and leaves alone what a cluster sets', async () => {
    const environment = { HOLDFAST_CHAT_PROT: '1', HOLDFAST_CHAT_SERVICE_PORT_HTTP: '80' };
    expect((await load({}, environment)).warnings).to.deep.equal([
      'The environment variable HOLDFAST_CHAT_PROT is not read. Did you mean HOLDFAST_CHAT_PORT?',
    ]);
  });

  it('names the place of every wrong value', async () => {
    file('drainGrace: soon\nchatProt: 1\nmodels:\n  - id: a\n');
    const found = await problems({ chatPort: '70000' }, { HOLDFAST_MODEL_PACE: '-1' }, true);
    expect(found).to.contain('--chat-port must be a whole number from 0 to 65535');
    expect(found).to.contain('HOLDFAST_MODEL_PACE must be a whole number');
    expect(found).to.contain(`${path}: drainGrace must be a duration`);
    expect(found).to.contain('Did you mean chatPort?').and.contain('models.0.price');
  });

  const refused: ReadonlyArray<[string, Partial<Record<SettingKey, unknown>>, string]> = [
    ['demo accounts beyond loopback', { demo: true, host: '0.0.0.0' }, 'needs a loopback --host'],
    ['demo accounts behind a proxy', { demo: true, trustedProxy: ['10.0.0.0/8'] }, '--trusted-proxy'],
    ['an address without a public name', { host: '0.0.0.0' }, '--public-url'],
    [
      'plain HTTP beyond this machine',
      { host: '0.0.0.0', publicUrl: ['https://a.example'] },
      'plain HTTP beyond this machine',
    ],
    ['a chat alone that knows no auth', { service: 'chat' }, '--auth-url'],
    [
      'a plain HTTP service elsewhere',
      { service: 'accounting', authUrl: 'http://auth.example', serviceKeyFile: 'k' },
      'neither https nor loopback',
    ],
    ['two services on one port', { authPort: 5000, chatPort: 5000 }, 'cannot both be 5000'],
    ['a model without a price', { 'model.url': 'http://127.0.0.1:1/v1', 'model.id': 'm' }, '--model-price'],
    ['a model key without a model', { 'model.keyFile': 'k' }, 'needs --model-url'],
    ['a proxy that is no address', { trustedProxy: ['proxy'] }, 'must be an address'],
    ['a Redis without a MongoDB', { 'redis.url': 'redis://127.0.0.1' }, '--redis-url needs --mongodb-url'],
    [
      'a fleet whose nodes have audit keys of their own',
      { 'mongodb.url': LOCAL },
      '--audit-key-file, the same',
    ],
    [
      'a fleet whose nodes have service keys of their own',
      { 'mongodb.url': LOCAL },
      'serviceKeyFile: with --mongodb-url name --service-key-file',
    ],
    [
      'a Redis with options',
      { 'mongodb.url': LOCAL, 'redis.url': 'redis://127.0.0.1?db=1' },
      'must have nothing behind',
    ],
    [
      'a MongoDB that is none',
      { 'mongodb.url': 'http://127.0.0.1' },
      'must be a URL that begins with mongodb://',
    ],
    [
      'a MongoDB without a server',
      { 'mongodb.url': 'mongodb://' },
      'must be a URL that begins with mongodb://',
    ],
    ['a URL with a password', { authUrl: 'https://u:p@auth.example' }, 'without user'],
  ];
  for (const [what, flags, sentence] of refused) {
    it(`refuses ${what}`, async () => expect(await problems(flags)).to.contain(sentence));
  }

  it('takes a declared private network in place of https', async () => {
    const flags = {
      service: 'accounting',
      host: '0.0.0.0',
      publicUrl: ['http://accounting:3001'],
      authUrl: 'http://auth:3000',
      serviceKeyFile: 'k',
      privateNetwork: true,
    };
    expect((await load(flags)).authUrl?.host).to.equal('auth:3000');
  });

  it('reads models and refuses one without a price, by its path', async () => {
    file('models:\n  - {id: m, url: "http://127.0.0.1:1/v1", price: 0.5}\n');
    expect((await load({}, {}, true)).models[0]).to.include({ id: 'm', price: 0.5, maxTokens: 4_096 });
    file('models:\n  - {id: m, url: "http://127.0.0.1:1/v1"}\n');
    expect(await problems({}, {}, true)).to.contain('models.0.price needs a price');
  });

  it('refuses two models of one id', async () => {
    file('models:\n  - {id: handbook, url: "http://127.0.0.1:1/v1", price: 0}\n');
    expect(await problems({}, {}, true)).to.contain('more than one model with the id handbook');
  });

  for (const [what, yaml] of [
    ['broken YAML', 'a: [1\n'],
    ['a key given twice', 'chatPort: 1\nchatPort: 2\n'],
    ['a list in place of settings', '- 1\n'],
  ] as const) {
    it(`refuses ${what} and names the file`, async () => {
      file(yaml);
      expect(await problems({}, {}, true)).to.contain(path);
    });
  }

  it('refuses a file that is not there', async () => {
    expect(await problems({}, {}, true)).to.contain('cannot be read');
  });

  it('is documented as it is', () => {
    const documented = readFileSync(new URL('../../docs/CONFIGURATION.md', import.meta.url), 'utf8');
    expect(documented, 'run node scripts/configuration.ts').to.equal(configurationDocument());
  });
});
