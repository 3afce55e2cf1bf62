import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { MongoAlertLog } from '../../../../src/adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import { MongoAgentEventStore } from '../../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoStoreInspection } from '../../../../src/adapters/outbound/mongo/inspection/mongo-store-inspection.ts';
import { MongoMoveTarget } from '../../../../src/adapters/outbound/mongo/migration/mongo-move-target.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { SqliteReservationLedger } from '../../../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { SqliteAlertLog } from '../../../../src/adapters/outbound/sqlite/alerts/sqlite-alert-log.ts';
import { authenticator } from '../../../../src/adapters/outbound/sqlite/audit/audit-chain-writer.ts';
import { SqliteAuditLog } from '../../../../src/adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { SqliteAgentEventStore } from '../../../../src/adapters/outbound/sqlite/control/sqlite-agent-event-store.ts';
import { SqliteMcpInventories } from '../../../../src/adapters/outbound/sqlite/control/sqlite-mcp-inventories.ts';
import { SqlitePolicyStore } from '../../../../src/adapters/outbound/sqlite/control/sqlite-policy-store.ts';
import { SqliteStoreInspection } from '../../../../src/adapters/outbound/sqlite/inspection/sqlite-store-inspection.ts';
import {
  GONE_THROUGH,
  LEFT_BEHIND,
  MOVED_ALONG,
} from '../../../../src/adapters/outbound/sqlite/migration/moved-tables.ts';
import { SqliteMoveSource } from '../../../../src/adapters/outbound/sqlite/migration/sqlite-move-source.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { NodeDigest } from '../../../../src/adapters/outbound/system/node-digest.ts';
import { DiagnoseStore } from '../../../../src/application/doctor/diagnose-store.ts';
import { EndOpenStreams } from '../../../../src/application/migration/end-open-streams.ts';
import { MigrateStore, type MigrationOutcome } from '../../../../src/application/migration/migrate-store.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type { StoreInspection } from '../../../../src/application/ports/store-inspection.ts';
import type { MoveTarget } from '../../../../src/application/ports/store-migration.ts';
import type { AlertId } from '../../../../src/domain/alerts/alert.ts';
import { agent } from '../../../support/agent-event-builders.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';
import { MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo, withDatabase } from '../../../support/mongodb.ts';
import { populate } from '../../../support/populated-store.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { AUDIT_KEY, type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

const digest = new NodeDigest();
const QUIET = { onCopied: () => undefined, onStep: () => undefined };

const doctor = (inspection: StoreInspection): DiagnoseStore =>
  new DiagnoseStore({ inspection, digest, audit: { keys: [authenticator(AUDIT_KEY)], heads: [] } });

/** A target whose process is killed at its nth write: before it, or after it, or between its rows and how far they came. */
function killedAt(target: MongoMoveTarget, nth: number): MoveTarget {
  let writes = 0;
  const perhaps = (): void => {
    writes += 1;
    if (writes === nth) throw new PortError('timeout', 'store', 'killed');
  };
  return {
    mark: () => target.mark(),
    progress: (table) => target.progress(table),
    count: (table) => target.count(table),
    sums: (userIds) => target.sums(userIds),
    begin: async (mark) => {
      perhaps();
      const begun = await target.begin(mark);
      perhaps();
      return begun;
    },
    put: async (table, rows, progress) => {
      perhaps();
      // All rows, and the progress of before: what a kill between the two leaves.
      if (writes + 1 === nth) await target.put(table, rows, await target.progress(table));
      perhaps();
      await target.put(table, rows, progress);
    },
    complete: async () => {
      perhaps();
      await target.complete();
    },
  };
}

/** So many breaks in a row are what the driver, which tries a command twice, cannot hide. */
const CUTS = 3;
/** More than a move has kinds of commands. */
const MAX_TRIES = 200;

describe('moving an embedded store to MongoDB', function () {
  this.timeout(60_000);
  let temporary: TemporaryStore;
  let mongo: TemporaryMongo;
  let url: string;
  let database: MongoStore;

  beforeEach(async () => {
    temporary = await temporaryStore();
    await populate(temporary.store);
    mongo = await temporaryMongo();
    url = withDatabase(mongo.url);
    database = await MongoStore.openToFill(url);
  });
  afterEach(async () => {
    await mongo.client.db(new URL(url).pathname.slice(1)).dropDatabase();
    await database.close();
    await mongo.remove();
    await temporary.remove();
  });

  async function settle(): Promise<void> {
    const { streams, events: eventLog } = await openStreamingStore(temporary.store);
    const ledger = new SqliteReservationLedger(temporary.store);
    const holds = { checkpointOf: async (id: string) => (await ledger.reservation(id))?.checkpointTokens };
    const timers = new ManualTimers(new ManualClock(T0 + 100));
    const log = new RecordingLog();
    const deps = { streams, eventLog, holds, clock: timers.clock, timers, digest, log };
    await new EndOpenStreams(deps).execute();
    await new SqliteAuditLog(temporary.store).anchor();
  }

  const migrate = (target: MoveTarget = new MongoMoveTarget(database)): Promise<MigrationOutcome> =>
    new MigrateStore({
      source: new SqliteMoveSource(temporary.store, temporary.dataDir, settle),
      target,
      ids: { uuid: () => randomUUID() },
      examineSource: doctor(new SqliteStoreInspection(temporary.dataDir)),
      examineTarget: doctor(new MongoStoreInspection(database)),
      to: 'the database',
    }).execute(QUIET);

  it('leaves no table of the embedded store out', () => {
    const tables = temporary.names();
    expect([...GONE_THROUGH, ...MOVED_ALONG, ...LEFT_BEHIND].sort()).to.deep.equal(tables);
  });

  it('has everything at the other end, which the doctor finds as sound as this one', async () => {
    const outcome = await migrate();
    expect(outcome).to.have.property('kind', 'moved');
    const here = await doctor(new SqliteStoreInspection(temporary.dataDir)).execute();
    const there = await doctor(new MongoStoreInspection(database)).execute();
    expect(there.findings).to.deep.equal([]);
    // What waits to be chained waits in a fleet alone, and names are documents of their own there: two for each user.
    const apart = { audit_pending: 0, user_names: 2 * (here.checked.users ?? 0) };
    // Lists of agents' events are indexes there.
    const { agent_event_lists: listed, ...moved } = here.checked;
    expect(listed).to.be.a('number');
    expect(there.checked).to.deep.equal({ ...moved, ...apart });
    expect(there.audit.head, 'the audit log goes on from where it stood').to.equal(here.audit.head);
    expect(await migrate()).to.deep.equal({ kind: 'moved-before' });
  });

  it('takes alerts along, and goes on counting them from where they stood', async () => {
    const raise = {
      kind: 'takeover.refused',
      principal: 'agent:deployer',
      atMs: T0,
      windowMs: 60_000,
      count: 3,
      detail: 'foreign 3',
    } as const;
    const here = new SqliteAlertLog(temporary.store);
    for (const id of ['one', 'two']) await here.raise({ ...raise, id: id as AlertId });
    const moved = await here.list({ after: 0, limit: 9 });
    await migrate();
    const there = new MongoAlertLog(database);
    expect(await there.list({ after: 0, limit: 9 })).to.deep.equal(moved);
    expect(await there.raise({ ...raise, id: 'three' as AlertId })).to.include({
      id: 'one',
      seq: 3,
      count: 9,
    });
  });

  it('answers agents at the other end as it did here: the same events, policy and servers', async () => {
    await migrate();
    const [here, there] = [
      {
        events: new SqliteAgentEventStore(temporary.store),
        policies: new SqlitePolicyStore(temporary.store),
        inventories: new SqliteMcpInventories(temporary.store),
      },
      {
        events: new MongoAgentEventStore(database, async () => {}),
        policies: new MongoPolicyStore(database, async () => {}),
        inventories: new MongoMcpInventories(database),
      },
    ];
    const [before, after] = await Promise.all(
      [here, there].map(async ({ events, policies, inventories }) => ({
        events: await events.list({ order: 'oldest-first', limit: 99, maxBytes: 1_000_000 }),
        due: await events.due({ owner: agent(1), sessionId: 'sess-1' }, 99),
        asking: await events.overdue(Number.MAX_SAFE_INTEGER, 99),
        book: await policies.read(),
        servers: await inventories.list({ limit: 99 }),
      })),
    );
    expect(after).to.deep.equal(before);
    expect(before?.events).to.have.length(6);
    expect(before?.servers).to.have.length(4);
    expect(before?.book.version).to.equal(1);
  });

  it('comes to the same after a kill at any of its writes', async () => {
    let kills = 0;
    for (let nth = 1; ; nth += 1) {
      const outcome = await migrate(killedAt(new MongoMoveTarget(database), nth)).catch(
        (error: unknown) => error,
      );
      if (!(outcome instanceof PortError)) {
        expect(outcome).to.have.property('kind', 'moved');
        break;
      }
      kills += 1;
      const refusal = await MongoStore.open(url).catch((error: unknown) => String(error));
      if (nth > 2) expect(refusal).to.contain('is being moved').and.contain('not all of it is there');
      else if (refusal instanceof MongoStore) await refusal.close();
    }
    expect(kills).to.be.greaterThan(10);
    expect((await doctor(new MongoStoreInspection(database)).execute()).findings).to.deep.equal([]);
    await (await MongoStore.open(url)).close();
  });

  it('comes to the same when the connection breaks before, and then after, each kind of command', async () => {
    const cuts = new Map<string, number>();
    const proxy = new MongoProxy(url, ({ name, collection }) => {
      const command = `${name} ${collection}`;
      const done = cuts.get(command) ?? 0;
      if (!/^(insert|update) /.test(command) || done >= 2 * CUTS) return 'pass';
      cuts.set(command, done + 1);
      return done < CUTS ? 'before' : 'after';
    });
    const behind = await MongoStore.openToFill(await proxy.listen());
    try {
      let tries = 1;
      let outcome: unknown;
      do {
        outcome = await migrate(new MongoMoveTarget(behind)).catch((error: unknown) => error);
        tries += 1;
      } while (outcome instanceof PortError && tries < MAX_TRIES);
      expect(outcome).to.have.property('kind', 'moved');
      expect([...cuts.keys()]).to.include.members([
        'insert meta',
        'update meta',
        'insert users',
        'insert journal',
      ]);
      expect([...cuts.values()].filter((done) => done > CUTS)).to.not.deep.equal([]);
    } finally {
      await behind.close();
      await proxy.close();
    }
    expect((await doctor(new MongoStoreInspection(database)).execute()).findings).to.deep.equal([]);
    await (await MongoStore.open(url)).close();
  });

  it('touches no database that has anything in it, and no other move’s', async () => {
    await database.collection('chats').insertOne({ title: 'somebody’s' });
    const refused = await migrate();
    expect(refused).to.have.property('kind', 'refused');
    expect(JSON.stringify(refused)).to.contain('There is something in the database already');
    await database.collection('chats').deleteMany({});
    await new MongoMoveTarget(database).begin({ id: 'another', to: 'the database', isComplete: false });
    expect(JSON.stringify(await migrate())).to.contain('the beginning of another move');
  });

  it('moves no store that is not sound, and none with demo accounts', async () => {
    temporary.exec(
      `INSERT INTO users VALUES ('u_1', 'admin', 'admin', 'a@b.c', 'a@b.c', 'x', 'demo', 'admin', 1, NULL, NULL, 0)`,
    );
    expect(JSON.stringify(await migrate())).to.contain('demo accounts');
    temporary.exec(
      'UPDATE users SET password_mark = NULL; UPDATE accounts SET charged_micros = charged_micros + 1',
    );
    expect(JSON.stringify(await migrate())).to.contain('account.sums');
    expect(await new MongoMoveTarget(database).mark()).to.equal(undefined);
  });

  it('tells when the other end is not what was copied', async () => {
    const target = new MongoMoveTarget(database);
    const careless: MoveTarget = Object.assign(killedAt(target, 0), {
      put: (...given: Parameters<MoveTarget['put']>) => {
        const [table, rows, progress] = given;
        return target.put(table, table === 'messages' ? rows.slice(1) : rows, progress);
      },
    });
    const refused = await migrate(careless);
    expect(refused).to.have.property('kind', 'refused');
    expect(JSON.stringify(refused)).to.match(
      /messages: there are 5 here and 4 in the database|messages: there are \d+ here/,
    );
    expect((await target.mark())?.isComplete).to.equal(false);
  });
});
