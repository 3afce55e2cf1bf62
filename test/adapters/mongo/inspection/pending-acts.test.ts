import { expect } from 'chai';
import { pendingDocument } from '../../../../src/adapters/outbound/mongo/audit/audit-documents.ts';
import { MongoStoreInspection } from '../../../../src/adapters/outbound/mongo/inspection/mongo-store-inspection.ts';
import { checkAudit } from '../../../../src/application/doctor/check-audit.ts';
import { type Finding, Findings } from '../../../../src/application/doctor/findings.ts';
import type { Authenticate } from '../../../../src/domain/audit/audit-chain.ts';
import { auditText } from '../../../../src/domain/audit/audit-record.ts';
import { awaitingChain, type PendingAct } from '../../../../src/domain/audit/pending-act.ts';
import { FLEET_MAC } from '../../../support/fleet-audit.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const TEXT = auditText({ act: 'user.created', outcome: 'done' });
const OTHER: Authenticate = (text) => FLEET_MAC(`other ${text}`);

describe('records that wait to be chained, as the doctor sees them', function () {
  this.timeout(30_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  after(() => mongo.remove());
  beforeEach(() => mongo.clear());

  const act = (id: string, authenticate = FLEET_MAC, text = TEXT): PendingAct =>
    awaitingChain({ id, atMs: T0, text }, authenticate);

  async function examined(keys: readonly Authenticate[] = [FLEET_MAC]): Promise<readonly Finding[]> {
    const findings = new Findings();
    await new MongoStoreInspection(mongo.store).inspect(
      (picture) => checkAudit(picture, findings, { keys, heads: [] }),
      () => false,
    );
    return findings.found.filter(({ promise }) => promise === 'audit.pending' || promise === 'row.readable');
  }

  const keep = (...acts: readonly PendingAct[]) =>
    mongo.store.collection<{ _id: string }>('audit_pending').insertMany(acts.map(pendingDocument));

  it('are sound as they were stored, under any of the keys', async () => {
    await keep(act('a:0'), act('b:0', OTHER));
    expect(await examined([FLEET_MAC, OTHER])).to.deep.equal([]);
  });

  it('are named where somebody without the key has put them there or changed them', async () => {
    await keep(
      act('a:0'),
      act('put', OTHER),
      { ...act('changed'), text: TEXT.replace('created', 'deleted') },
      act('nonsense', FLEET_MAC, 'no record'),
    );
    const found = await examined();
    expect(found.map(({ row }) => row)).to.have.members([
      'audit_pending/put',
      'audit_pending/changed',
      'audit_pending/nonsense',
    ]);
    expect(new Set(found.map(({ promise }) => promise))).to.deep.equal(new Set(['audit.pending']));
  });

  it('are looked at in the accounts too, whose acts are one write', async () => {
    const accounts = mongo.store.collection<{ _id: string }>('accounts');
    await accounts.insertOne({
      _id: 'u_1',
      outbox: [
        { seq: 1, entries: [], audit: [pendingDocument(act('a:0')), pendingDocument(act('put', OTHER))] },
      ],
    } as never);
    expect((await examined()).map(({ row }) => row)).to.deep.equal(['accounts/u_1']);
  });

  it('are named when they cannot be read back', async () => {
    await mongo.store.collection<{ _id: string }>('audit_pending').insertOne({ _id: 'empty' });
    expect((await examined()).map(({ promise, row }) => [promise, row])).to.deep.equal([
      ['row.readable', 'audit_pending/empty'],
    ]);
  });
});
