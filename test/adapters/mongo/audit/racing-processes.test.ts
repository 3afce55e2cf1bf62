import { expect } from 'chai';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import type { AuditEntry } from '../../../../src/application/ports/audit-log.ts';
import {
  auditRecords,
  auditStore,
  expectWholeLog,
  recordInProcesses,
  wholeAudit,
} from '../../../support/fleet-audit.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('processes that race on the audit log of a fleet', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  afterEach(() => mongo.clear());
  after(() => mongo.remove());

  /** The names of all acts that the log has, once everything that any process has left is in it. */
  async function recorded(): Promise<string[]> {
    const audit = auditStore(mongo.store);
    const ledger = new MongoReservationLedger(mongo.store, { audit: audit.outbox });
    audit.log.readsAfter(() => ledger.handOn());
    await audit.log.read({ afterCursor: 0, limit: 1 });
    await ledger.close();
    await audit.close();
    await expectWholeLog(mongo.store);
    return auditRecords(await wholeAudit(mongo.store)).map(({ object }) => object ?? '');
  }

  it('record each act once, each in a chain of its own, and show a reader nothing before what he has read', async () => {
    const reader = auditStore(mongo.store);
    const seen: AuditEntry[] = [];
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        seen.push(...(await reader.log.read({ afterCursor: seen.at(-1)?.cursor ?? 0, limit: 50 })));
      }
    })();
    const names = ['a', 'b', 'c'];
    const done = await recordInProcesses(
      mongo.url,
      names.map((name) => ({ name, acts: 90 })),
    );
    isOver = true;
    await reading;
    await reader.close();
    expect(done).to.have.length(270);
    const all = await recorded();
    expect(all).to.have.members(done);
    const entries = await wholeAudit(mongo.store);
    expect(seen).to.deep.equal(entries.slice(0, seen.length));
    expect(new Set(entries.map(({ chain }) => chain)).size, 'chains').to.be.at.least(names.length);
  });

  it('lose nothing and have nothing twice when some kill themselves in the middle', async () => {
    const tasks = [1, 7, 20, 33].map((diesAfter) => ({ name: `dies-${diesAfter}`, acts: 90, diesAfter }));
    const done = await recordInProcesses(mongo.url, [...tasks, { name: 'lives', acts: 90 }]);
    const all = await recorded();
    expect(all).to.include.members(done);
    expect(new Set(all).size, 'recorded twice').to.equal(all.length);
    const grants = (await mongo.client.db().collection('grants').find().toArray()).map(({ _id }) => `${_id}`);
    expect(all).to.include.members(grants);
    const told = new Set(grants);
    expect(all.filter((name) => Number(name.split('-').at(-1)) % 3 === 2 && !told.has(name))).to.deep.equal(
      [],
    );
  });
});
