import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ApiClient } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { holdfast } from '../../support/holdfast-command.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

/** Who acts at once. */
const ACTORS = 4;
/** The node is killed once so many acts were acknowledged, while others are under way. */
const KILLED_AFTER = 9;

interface Shown {
  readonly act: string;
  readonly chain: string;
  readonly object?: string;
}

describe('the audit log of two nodes of which one is killed', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const keys = sharedKeys(folder);
  let mongo: TemporaryMongo;
  let dying: RunningServer;
  let living: RunningServer;
  before(async () => {
    mongo = await temporaryMongo();
    const env = { ...keys, MONGODB_URL: mongo.url };
    dying = await RunningServer.start(['--demo', '--model-pace', '0'], join(folder, 'dying'), env);
    living = await RunningServer.start(['--model-pace', '0'], join(folder, 'living'), env);
  });
  after(async () => {
    await dying.dispose();
    await living.dispose();
    await mongo.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The whole log, page by page from the node that lives. */
  async function readAll(): Promise<Shown[]> {
    const client = await ApiClient.login(living.urls, 'admin', 'admin@admin');
    const records: Shown[] = [];
    for (let after = 0; ; ) {
      const { body } = await client.get('chat', `/api/audit?after=${after}&limit=100`);
      records.push(...body.records);
      after = body.nextCursor;
      if (!body.hasMore) return records;
    }
  }

  it('shows on the other what was done, and each act once', async () => {
    const acknowledged: string[] = [];
    let killed: Promise<unknown> | undefined;
    const told = (act: string): void => {
      acknowledged.push(act);
      if (acknowledged.length >= KILLED_AFTER) killed ??= dying.end('SIGKILL');
    };
    const actors = Array.from({ length: ACTORS }, async (_, actor) => {
      const admin = await ApiClient.login(dying.urls, 'admin', 'admin@admin');
      for (let number = 0; killed === undefined; number += 1) {
        const username = `actor-${actor}-${number}`;
        const account = { username, email: `${username}@example.org`, password: 'quartz lantern meadow' };
        const { body } = await admin.post('auth', '/api/admin/users', account);
        told(`user.created ${body.user.id}`);
        const given = { userId: body.user.id, credits: 1 };
        const { status } = await admin.post('accounting', '/api/credits/allocate', given);
        if (status === 201) told(`credit.allocate ${body.user.id}`);
      }
    });
    // What was under way when the node was killed fails.
    await Promise.allSettled(actors);
    await killed;
    const db = mongo.client.db();
    const users = await db.collection('users').find().toArray();
    const accounts = await db.collection('accounts').find().toArray();
    const records = await readAll();
    const shown = records.map(({ act, object }) => `${act} ${object}`);
    expect(shown).to.include.members(acknowledged);
    const of = (name: string): string[] => shown.filter((act) => act.startsWith(`${name} `));
    expect(of('user.created')).to.have.members(users.map(({ _id }) => `user.created ${_id}`));
    expect(of('credit.allocate')).to.have.members(accounts.map(({ _id }) => `credit.allocate ${_id}`));
    expect(new Set(records.map(({ chain }) => chain)).size).to.be.at.least(2);
    await eventually(async () => expect(await db.collection('audit_pending').countDocuments()).to.equal(0));
    const doctor = await holdfast(['doctor'], { ...keys, MONGODB_URL: mongo.url });
    expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
  });
});
