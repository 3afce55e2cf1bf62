import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { holdfast } from '../../support/holdfast-command.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

describe('doctor and audit beside a fleet', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const keys = sharedKeys(folder);
  let mongo: TemporaryMongo;
  let env: NodeJS.ProcessEnv;
  let node: RunningServer;

  before(async () => {
    mongo = await temporaryMongo();
    env = { ...keys, MONGODB_URL: mongo.url };
    node = await RunningServer.start(['--demo', '--model-pace', '0'], join(folder, 'node'), env);
  });
  after(async () => {
    await node.dispose();
    await mongo.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds nothing while a node serves and verify makes it work', async () => {
    const { auth, accounting, chat } = node.urls;
    const work = holdfast(['verify', '--auth', auth, '--accounting', accounting, '--chat', chat]);
    for (let looks = 0; looks < 3; looks += 1) {
      const { code, stdout, stderr } = await holdfast(['doctor', '--json'], env);
      expect(code, stdout + stderr).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.include({ ok: true, findings: [], unproven: [] });
    }
    expect((await work).code).to.equal(0);
    const { stdout } = await holdfast(['doctor', '--json'], env);
    expect(JSON.parse(stdout).checked.reservations).to.be.greaterThan(0);
  });

  it('needs no secret of the nodes to look, and says what it could not prove without the audit key', async () => {
    const flags = ['--data', join(folder, 'nothing'), '--mongodb-url', mongo.url];
    const { code, stderr } = await holdfast(['doctor', ...flags]);
    expect(code, stderr).to.equal(1);
    expect(stderr).to.contain('the audit key is not here');
    expect((await holdfast(['doctor', ...flags, '--without-audit-key'])).code).to.equal(0);
  });

  it('shows who did what', async () => {
    const { code, stdout } = await holdfast(['audit', '--json'], env);
    expect(code).to.equal(0);
    const acts = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).act);
    expect(acts).to.include('audit.started').and.to.include('credit.allocate');
  });

  it('names what somebody with the database in hand has changed, and ends with 1', async () => {
    const accounts = mongo.client.db().collection('accounts');
    const [account] = await accounts.find().toArray();
    await accounts.updateOne({ _id: account?._id as never }, { $inc: { 'sums.chargedMicros': 1 } });
    try {
      const { code, stdout } = await holdfast(['doctor'], env);
      expect(code).to.equal(1);
      expect(stdout).to.contain(`accounts/${account?._id}  account.sums`);
    } finally {
      await accounts.updateOne({ _id: account?._id as never }, { $inc: { 'sums.chargedMicros': -1 } });
    }
  });

  it('says that there is nothing to look at, makes nothing, and tells nobody the password', async () => {
    const empty = new URL(mongo.url);
    empty.pathname = `${empty.pathname}-empty`;
    const nobody = 'mongodb://app:not-to-be-told@127.0.0.1:9/?serverSelectionTimeoutMS=200';
    for (const [command, url, said] of [
      ['doctor', empty.href, 'There is no Holdfast store in the database'],
      ['audit', empty.href, 'There is no Holdfast store in the database'],
      ['doctor', nobody, 'The store in mongodb://127.0.0.1:9/ cannot be read'],
    ] as const) {
      const { code, stdout, stderr } = await holdfast([command], { ...keys, MONGODB_URL: url });
      expect([code, stdout], stderr).to.deep.equal([3, '']);
      expect(stderr).to.contain(said).and.not.to.contain('not-to-be-told');
    }
    const { databases } = await mongo.client.db().admin().listDatabases();
    expect(databases.map(({ name }) => name)).not.to.include(empty.pathname.slice(1));
  });
});
