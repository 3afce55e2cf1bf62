import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { certificate, type Pair, writePair } from '../../support/certificates.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { holdfast } from '../../support/holdfast-command.ts';
import { MongoProxy } from '../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { redisUrl } from '../../support/redis.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

/** A port of this machine on which nobody listens. */
const NOBODY = 'mongodb://app:not-to-be-told@127.0.0.1:9/?serverSelectionTimeoutMS=200';

/** By so much a machine's clock is ahead, in milliseconds: more than the certificates of the tests hold. */
const LONGER_THAN_CERTIFICATES_MS = 40 * 86_400_000;

describe('a node on MongoDB', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const keys = sharedKeys(folder);
  let mongo: TemporaryMongo;
  let env: NodeJS.ProcessEnv;
  let node: RunningServer;

  before(async () => {
    mongo = await temporaryMongo();
    env = { ...keys, MONGODB_URL: mongo.url };
    node = await RunningServer.start(['--demo', '--model-pace', '200'], join(folder, 'node'), env);
  });
  after(async () => {
    await node?.dispose();
    await mongo?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps every promise that verify looks at', async () => {
    const { auth, accounting, chat } = node.urls;
    const { code, stdout } = await holdfast([
      'verify',
      '--auth',
      auth,
      '--accounting',
      accounting,
      '--chat',
      chat,
    ]);
    expect(code, stdout).to.equal(0);
  });

  it('lets no node in that would sign with a key of its own', async () => {
    const strangers = sharedKeys(join(folder, 'strangers'));
    const { code, stderr } = await holdfast(['serve', '--data', join(folder, 'stranger')], {
      ...env,
      HOLDFAST_AUDIT_KEY_FILE: strangers.HOLDFAST_AUDIT_KEY_FILE,
    });
    expect(code).to.equal(2);
    expect(stderr).to.match(/audit\.keyFile: .* name the same file for every node/);
  });

  it('ends when it cannot learn the time from MongoDB, although Redis is there', async () => {
    const proxy = new MongoProxy(mongo.url, ({ name, body }) =>
      name === 'hello' && body.$db !== 'admin' ? 'before' : 'pass',
    );
    try {
      const fleet = { ...env, MONGODB_URL: await proxy.listen(), REDIS_URL: await redisUrl() };
      const { code, stderr } = await holdfast(['serve', '--data', join(folder, 'timeless')], fleet);
      expect(code, stderr).to.equal(3);
      expect(stderr).to.match(/^holdfast: The store in .* cannot be opened: /);
    } finally {
      await proxy.close();
    }
  });

  it("keeps nothing but the operator's socket in its folder", () => {
    expect(readdirSync(node.data)).to.deep.equal(['operator.sock']);
  });

  it('takes acts of its operator without being shown its keys, which a folder without a node needs', async () => {
    const onlyUrl = { MONGODB_URL: mongo.url };
    const { code, stdout, stderr } = await holdfast(['user', 'list', 'admin', '--data', node.data], onlyUrl);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('  admin  ');
    const elsewhere = join(folder, 'elsewhere');
    const refused = await holdfast(['user', 'list', '--data', elsewhere], onlyUrl);
    expect([refused.code, refused.stdout]).to.deep.equal([2, '']);
    expect(refused.stderr).to.equal(
      `holdfast: No node runs on the data folder ${elsewhere}: name the folder of one with --data, or the fleet's audit key with HOLDFAST_AUDIT_KEY_FILE.\n`,
    );
    const named = { ...onlyUrl, HOLDFAST_AUDIT_KEY_FILE: keys.HOLDFAST_AUDIT_KEY_FILE };
    expect((await holdfast(['user', 'list', '--data', elsewhere], named)).stdout).to.contain('  admin  ');
  });

  it('lets no other onto its folder', async () => {
    const flags = ['--data', node.data, '--auth-port', '0', '--accounting-port', '0', '--chat-port', '0'];
    const { code, stderr } = await holdfast(['serve', ...flags], env);
    expect(code).to.equal(3);
    expect(stderr).to.contain(`Another Holdfast server is running on the data folder ${node.data}.`);
    const leases = mongo.client.db().collection('leases');
    const held = await leases
      .find({ _id: { $gt: 'node/', $lt: 'node0' } as never, holder: { $exists: true } })
      .toArray();
    expect(held, 'who could not start holds nothing').to.have.length(1);
  });

  it('does not start without a MongoDB, and tells nobody the password', async () => {
    const { code, stdout, stderr } = await holdfast(['serve', '--data', join(folder, 'other')], {
      ...keys,
      MONGODB_URL: NOBODY,
    });
    expect([code, stdout]).to.deep.equal([3, '']);
    expect(stderr).to.match(
      /^holdfast: The store in mongodb:\/\/127\.0\.0\.1:9\/ cannot be opened: MongoDB cannot/,
    );
    expect(stderr).not.to.contain('not-to-be-told');
  });

  it('does not start on an index that is another, and names it', async () => {
    const chats = mongo.client.db().collection('chats');
    const [, found] = await chats.indexes();
    expect(found).to.not.equal(undefined);
    const other = await temporaryMongo();
    try {
      const name = found?.name ?? '';
      await other.client.db().collection('chats').dropIndex(name);
      await other.client.db().collection('chats').createIndex({ another: 1 }, { name });
      const { code, stderr } = await holdfast(['serve', '--data', join(folder, 'other')], {
        ...keys,
        MONGODB_URL: other.url,
      });
      expect(code).to.equal(3);
      expect(stderr).to.contain(`The index ${name} of `).and.to.contain('drop it, and start again');
    } finally {
      await other.remove();
    }
  });

  it("goes by MongoDB's clock where the time of its certificate is concerned", async () => {
    const tls = (pair: Pair): string[] => ['--tls-cert', pair.cert, '--tls-key', pair.key];
    const good = writePair(folder, await certificate(), 'good');
    const skewed = { ...env, SKEW_MS: String(LONGER_THAN_CERTIFICATES_MS) };
    const program = 'test/support/programs/skewed-holdfast.ts';
    const ahead = await RunningServer.start(tls(good), join(folder, 'ahead'), skewed, [], program);
    await ahead.dispose();
    const over = writePair(folder, await certificate({ days: [-3, -1] }), 'over');
    const { code, stderr } = await holdfast(['serve', '--data', join(folder, 'over'), ...tls(over)], env);
    expect(code).to.equal(2);
    expect(stderr).to.match(/tls\.cert: the certificate in \S+over\.crt expired on/);
  });

  it("stops in order, and then the operator's commands open the store themselves, from any machine", async () => {
    expect(await node.end()).to.equal(0);
    const secret = { ...env, HOLDFAST_PASSWORD: 'a long enough password' };
    const elsewhere = ['--data', join(folder, 'nowhere')];
    const made = await holdfast(['user', 'create', 'ann', 'ann@example.org', ...elsewhere], secret);
    expect(made.code, made.stderr).to.equal(0);
    const listed = await holdfast(['user', 'list', '--json', ...elsewhere], env);
    expect(listed.stdout).to.contain('"ann"').and.to.contain('"user1"');
    expect(existsSync(join(folder, 'nowhere'))).to.equal(false);
  });
});
