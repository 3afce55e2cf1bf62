import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/main/config.ts';
import { ConfigError } from '../../src/main/configuration/config-error.ts';
import { ConnectionUrl } from '../../src/main/configuration/connection-url.ts';

/** A password as nobody may read it. */
const PASSWORD = 'correct-horse';
const MONGODB = `mongodb://app:${PASSWORD}@a.example:27017,b.example/books?tls=true&replicaSet=rs0`;
const KEYS = { HOLDFAST_AUDIT_KEY_FILE: 'a', HOLDFAST_SERVICE_KEY_FILE: 's' };

const load = (flags: Record<string, unknown>, environment: Record<string, string>): Promise<Config> =>
  loadConfig({ flags, environment: { ...KEYS, ...environment } });

/** What is wrong with it, in sentences; none of them holds the password. */
async function problems(
  flags: Record<string, unknown>,
  environment: Record<string, string>,
): Promise<string> {
  try {
    await load(flags, environment);
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    const told = (error as ConfigError).problems.join('\n');
    expect(`${told}${inspect(error)}`).not.to.contain(PASSWORD);
    return told;
  }
  throw new Error('the configuration was taken');
}

describe("the addresses of a fleet's stores", () => {
  it("are read from the variables that every program has, and from this one's before them", async () => {
    const environment = { MONGODB_URL: 'mongodb://127.0.0.1/a', REDIS_URL: 'redis://127.0.0.1' };
    const config = await load({}, environment);
    expect([config['mongodb.url']?.reveal(), config['redis.url']?.reveal()]).to.deep.equal([
      'mongodb://127.0.0.1/a',
      'redis://127.0.0.1',
    ]);
    const ours = await load({}, { ...environment, HOLDFAST_MONGODB_URL: 'mongodb://127.0.0.1/b' });
    expect(ours['mongodb.url']?.reveal()).to.equal('mongodb://127.0.0.1/b');
  });

  it('show servers and database, in whichever way they are printed, and nothing else', async () => {
    const url = (await load({}, { MONGODB_URL: MONGODB }))['mongodb.url'];
    expect(url?.reveal()).to.equal(MONGODB);
    expect(`${url}`).to.equal('mongodb://a.example:27017,b.example/books');
    expect(JSON.stringify({ url })).to.equal('{"url":"mongodb://a.example:27017,b.example/books"}');
    expect(inspect(url, { depth: 9, showHidden: true })).not.to.contain(PASSWORD);
  });

  it('hold no password as a flag, which every process of a machine can read', async () => {
    expect(await problems({ 'mongodb.url': MONGODB }, {})).to.contain(
      '--mongodb-url holds a password, and every process of a machine can read flags; give it by MONGODB_URL or --mongodb-url-file',
    );
    expect(
      await problems({ 'redis.url': `rediss://:${PASSWORD}@r.example` }, { MONGODB_URL: MONGODB }),
    ).to.contain('--redis-url holds a password');
  });

  it('are told in words when they are wrong, never in their own', async () => {
    expect(await problems({}, { MONGODB_URL: `mongodb://app:${PASSWORD}@x@a.example/` })).to.equal(
      'MONGODB_URL must be a URL that begins with mongodb:// or mongodb+srv://; what is special in a user or a password is percent-encoded.',
    );
    const clear = await problems({}, { MONGODB_URL: `mongodb://app:${PASSWORD}@a.example/` });
    expect(clear).to.contain('mongodb.url: what is stored would travel to a.example in the clear');
  });

  it('travel in the clear within this machine and on a network that is declared private', async () => {
    const inside = [
      'mongodb://localhost',
      'mongodb://[::1]:27017,127.0.0.2',
      'mongodb://%2Ftmp%2Fm-27017.sock',
    ];
    for (const MONGODB_URL of inside) await load({}, { MONGODB_URL });
    const environment = { MONGODB_URL: 'mongodb://mongo:27017', REDIS_URL: 'redis://redis:6379' };
    expect(await problems({}, environment))
      .to.contain('mongodb.url: ')
      .and.to.contain('redis.url: ');
    await load({ privateNetwork: true }, environment);
    await load({}, { MONGODB_URL: 'mongodb+srv://mongo.example', REDIS_URL: 'rediss://redis.example' });
    expect(await problems({}, { MONGODB_URL: 'mongodb+srv://mongo.example/?tls=false' })).to.contain(
      'in the clear',
    );
  });

  describe('in files of their own', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-urls-'));
    const path = join(folder, 'mongodb-url');
    after(() => rmSync(folder, { recursive: true, force: true }));

    it('are read from there', async () => {
      writeFileSync(path, `${MONGODB}\n`);
      expect((await load({ 'mongodb.urlFile': path }, {}))['mongodb.url']?.reveal()).to.equal(MONGODB);
    });

    it('are told by the name of the file when they are wrong', async () => {
      writeFileSync(path, PASSWORD);
      expect(await problems({ 'mongodb.urlFile': path }, {})).to.contain(
        `mongodb.urlFile: ${path} must be a URL`,
      );
      expect(await problems({ 'redis.urlFile': `${path}-not` }, {})).to.contain('cannot be read (ENOENT)');
    });

    it('exclude those from elsewhere', async () => {
      const both = await problems({ 'mongodb.urlFile': path }, { MONGODB_URL: MONGODB });
      expect(both).to.equal('mongodb.urlFile: --mongodb-url and --mongodb-url-file exclude each other.');
    });
  });
});

describe('a connection URL', () => {
  it('is none without a server, with another scheme, or with what belongs to neither', () => {
    for (const text of [
      'mongodb://',
      'mongodb:///books',
      'mongodb://a b',
      'http://a',
      'mongodb://a#b',
      'a',
      '',
    ]) {
      expect(ConnectionUrl.read(text, ['mongodb']), text).to.equal(undefined);
    }
  });

  it('knows a secret among its options', () => {
    const read = (text: string): boolean | undefined => ConnectionUrl.read(text, ['mongodb'])?.hasSecret;
    expect(read('mongodb://a/?tlsCertificateKeyFilePassword=x')).to.equal(true);
    expect(read('mongodb://a/?authMechanismProperties=AWS_SESSION_TOKEN:x')).to.equal(true);
    expect(read('mongodb://user@a/?replicaSet=rs0')).to.equal(false);
  });
});
