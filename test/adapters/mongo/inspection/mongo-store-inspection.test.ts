import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoAgentEventStore } from '../../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { openIdentityStore } from '../../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import { MongoStoreInspection } from '../../../../src/adapters/outbound/mongo/inspection/mongo-store-inspection.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { NodeDigest } from '../../../../src/adapters/outbound/system/node-digest.ts';
import { DiagnoseStore, type Diagnosis } from '../../../../src/application/doctor/diagnose-store.ts';
import { auditStore, FLEET_MAC } from '../../../support/fleet-audit.ts';
import { hammer } from '../../../support/hammer.ts';
import { act, aGrant, credits, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo, withDatabase } from '../../../support/mongodb.ts';
import { populateWith } from '../../../support/populated-store.ts';
import { CORRUPTIONS } from './mongo-corruptions.ts';

async function diagnose(store: MongoStore): Promise<Diagnosis> {
  return new DiagnoseStore({
    inspection: new MongoStoreInspection(store),
    digest: new NodeDigest(),
    audit: { keys: [FLEET_MAC], heads: [] },
  }).execute();
}

const SOMETHING = { act: 'login.begun', outcome: 'done', actor: 'system' } as const;

const ledgerOf = (store: MongoStore): MongoReservationLedger =>
  new MongoReservationLedger(store, { audit: { sign: () => [], arrived: () => undefined } });

/** Fills a store with one of everything. Its outboxes are not handed on by this. */
async function fill(store: MongoStore): Promise<void> {
  const [ledger, audit] = [ledgerOf(store), auditStore(store, { newChain: () => 'first' })];
  await ledger.close();
  await audit.log.append([SOMETHING]);
  await populateWith({
    ledger,
    ...openIdentityStore(store, async () => {}),
    ...openStreamingStore(store, async () => {}),
    agentEvents: new MongoAgentEventStore(store, async () => {}),
    policies: new MongoPolicyStore(store, async () => {}),
    inventories: new MongoMcpInventories(store),
  });
  await audit.close();
}

const named = ({ findings }: Diagnosis): string[] => findings.map(({ promise, row }) => `${promise} ${row}`);

describe('the doctor of a fleet', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let healthy: ReadonlyMap<string, readonly Document[]>;

  before(async () => {
    mongo = await temporaryMongo();
    await fill(mongo.store);
    const [ledger, audit] = [ledgerOf(mongo.store), auditStore(mongo.store, { newChain: () => 'second' })];
    await ledger.usage({ limit: 1 });
    await ledger.close();
    for (let times = 0; times < 3; times += 1) await audit.log.append([SOMETHING]);
    await audit.log.anchor();
    await audit.close();
    healthy = await everything();
  });
  after(() => mongo.remove());

  async function everything(): Promise<Map<string, Document[]>> {
    const all = new Map<string, Document[]>();
    for (const { collectionName: name } of await mongo.client.db().collections()) {
      all.set(name, await mongo.client.db().collection(name).find().toArray());
    }
    return all;
  }

  it('finds nothing wrong with a store that has one of everything', async () => {
    const { findings, checked } = await diagnose(mongo.store);
    expect(findings).to.deep.equal([]);
    expect(checked).to.deep.include({ accounts: 1, grants: 3, reservations: 7, streams: 4, chats: 1 });
    expect(checked).to.deep.include({ users: 2, user_names: 4, login_sessions: 3, api_keys: 3, messages: 7 });
  });

  it('takes what accounts have not handed on yet as handed on', async () => {
    const other = await temporaryMongo();
    try {
      await fill(other.store);
      const pending = { 'outbox.0': { $exists: true } };
      expect(await other.client.db().collection('accounts').countDocuments(pending)).to.equal(1);
      const { findings, checked } = await diagnose(other.store);
      expect(findings).to.deep.equal([]);
      expect(checked).to.deep.include({ grants: 3, reservations: 7, usage_records: 5 });
      await other.client
        .db()
        .collection('accounts')
        .updateOne({}, { $set: { pending: false } });
      expect(named(await diagnose(other.store))).to.deep.equal([`row.kept accounts/${user(1)}`]);
    } finally {
      await other.remove();
    }
  });

  it('sees one moment of a store that two processes write to', async () => {
    const other = await temporaryMongo();
    try {
      await fill(other.store);
      const ledger = ledgerOf(other.store);
      await ledger.grant(user(1), aGrant({ id: 'much', amountMicros: credits(1_000_000) }), act());
      let isBusy = true;
      const busy = hammer(other.url, [
        { kind: 'mixed', from: 0, times: 250 },
        { kind: 'mixed', from: 125, times: 250 },
      ]).finally(() => {
        isBusy = false;
      });
      let looks = 0;
      let entries = 0;
      while (isBusy) {
        const { findings, checked } = await diagnose(other.store);
        expect(findings).to.deep.equal([]);
        if (isBusy && (checked.journal ?? 0) > entries) looks += 1;
        entries = checked.journal ?? 0;
      }
      await busy;
      await ledger.close();
      expect(looks, 'looks at a store that had grown since the one before').to.be.greaterThan(2);
    } finally {
      await other.remove();
    }
  });

  describe('of which something is damaged', () => {
    /** A copy of the healthy database, in which there is no index that would refuse anything. */
    let copy: MongoClient;
    let store: MongoStore;
    /** Collections that the copy was asked to do something with since it was whole. */
    const touched = new Set<unknown>();

    before(async () => {
      const url = withDatabase(mongo.url);
      copy = await MongoClient.connect(url, { monitorCommands: true });
      copy.on('commandStarted', ({ commandName, command }) => touched.add(command[commandName]));
      for (const name of healthy.keys()) await putBack(name);
      store = await MongoStore.look(url);
    });
    after(async () => {
      await store.close();
      await copy.db().dropDatabase();
      await copy.close();
    });
    beforeEach(() => touched.clear());
    // What the others have is as it was: putting all of it back takes longer than a look at it.
    afterEach(async () => {
      for (const name of [...touched]) if (typeof name === 'string') await putBack(name);
    });

    async function putBack(name: string): Promise<void> {
      await copy.db().collection(name).deleteMany();
      const documents = healthy.get(name) ?? [];
      if (documents.length > 0)
        await copy
          .db()
          .collection(name)
          .insertMany([...documents]);
    }

    for (const { what, promise, row, act: damage } of CORRUPTIONS) {
      it(`names ${row} for ${promise} when ${what}`, async () => {
        await damage(copy.db());
        expect(named(await diagnose(store))).to.include(`${promise} ${row}`);
      });
    }

    it('finds nothing wrong once each damage is undone', async () => {
      expect(named(await diagnose(store))).to.deep.equal([]);
    });
  });
});
