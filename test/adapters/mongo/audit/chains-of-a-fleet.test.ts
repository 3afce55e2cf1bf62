import { expect } from 'chai';
import type { PendingAuditDocument } from '../../../../src/adapters/outbound/mongo/audit/audit-documents.ts';
import {
  type AuditStore,
  openAuditReader,
} from '../../../../src/adapters/outbound/mongo/audit/open-audit-store.ts';
import { decideTransaction } from '../../../../src/adapters/outbound/mongo/decide.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import type { AuditEntry } from '../../../../src/application/ports/audit-log.ts';
import { followedBy } from '../../../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../../../src/domain/audit/audit-record.ts';
import { InvariantViolation } from '../../../../src/domain/invariant.ts';
import { eventually } from '../../../support/eventually.ts';
import { auditRecords, auditStore, expectWholeLog, wholeAudit } from '../../../support/fleet-audit.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const record = (object: string): AuditRecord => ({ act: 'chat.read_any', outcome: 'done', object });

describe('the audit chains of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  let second: MongoStore;
  /** Nodes that are closed after the test. */
  const nodes: AuditStore[] = [];
  before(async () => {
    temporary = await temporaryMongo();
    second = await MongoStore.open(temporary.url);
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close();
    await temporary.clear();
  });
  after(async () => {
    await second.close();
    await temporary.remove();
  });

  const node = (
    ...[store = temporary.store, options]: Partial<Parameters<typeof auditStore>>
  ): AuditStore => {
    const opened = auditStore(store, options);
    nodes.push(opened);
    return opened;
  };
  const pending = () => temporary.client.db().collection<PendingAuditDocument>('audit_pending');
  const all = (): Promise<readonly AuditEntry[]> => wholeAudit(temporary.store);
  const objects = async (): Promise<unknown[]> => auditRecords(await all()).map(({ object }) => object);

  /** Does an act that is one transaction. */
  const act = (by: AuditStore, records: AuditRecord[], on = temporary.store): Promise<true> =>
    decideTransaction<true>(on, {
      attempt: async (session) => {
        await by.recordActs(records, session);
        return true;
      },
      known: async () => undefined,
    });

  it('are one for each process, each begun after the last record there was, and all in one order', async () => {
    const [a, b] = [node(), node(second)];
    await a.log.append([record('1')]);
    const before = (await a.log.heads(1))[0];
    await b.log.append([record('2')]);
    await a.log.append([record('3')]);
    expect(await objects()).to.deep.equal(['1', '2', '3']);
    const entries = await all();
    expect(new Set(entries.map(({ chain }) => chain))).to.have.length(2);
    const start = entries.find(({ seq, chain }) => seq === 1 && chain !== before?.chain);
    expect(followedBy(auditRecordFrom(start?.text ?? '{}'))).to.deep.equal(before);
    expect((await a.log.heads(5)).map(({ seq }) => seq)).to.deep.equal([3, 2]);
    await expectWholeLog(temporary.store);
  });

  it('take in, once, what acts of a transaction have recorded, before anybody reads the log', async () => {
    const [a, b] = [node(), node(second)];
    await act(a, [record('1'), record('2')]);
    await act(b, [record('3')], second);
    await Promise.all([a, b, a, b].map(({ log }) => log.read({ afterCursor: 0, limit: 10 })));
    expect(await objects()).to.deep.equal(['1', '2', '3']);
    expect(await pending().countDocuments()).to.equal(0);
    await expectWholeLog(temporary.store);
  });

  it('have taken in what waits before those are answered who can only read', async () => {
    const a = node();
    await act(a, [record('1')]);
    const read = await openAuditReader(second).read({ afterCursor: 0, limit: 10 });
    expect(auditRecords(read)).to.deep.equal([record('1')]);
  });

  it('keep those who can only read waiting for no longer than a moment when no node is there', async () => {
    const dead = node();
    await dead.log.append([record('1')]);
    await dead.close();
    await act(dead, [record('2')]);
    const read = await openAuditReader(second).read({ afterCursor: 0, limit: 10 });
    expect(auditRecords(read)).to.deep.equal([record('1')]);
  });

  it('take nothing in of a transaction that is undone', async () => {
    const a = node();
    await decideTransaction<false>(temporary.store, {
      attempt: async (session) => {
        await a.recordActs([record('1')], session);
        return false;
      },
      keeps: (outcome) => outcome,
      known: async () => undefined,
    });
    expect(await a.log.read({ afterCursor: 0, limit: 10 })).to.deep.equal([]);
  });

  it('take in what a node left that has died, though nobody asks', async () => {
    const dead = node();
    await dead.close();
    await act(dead, [record('1')]);
    node(second);
    await eventually(async () => expect(await objects()).to.deep.equal(['1']));
    await eventually(async () => expect(await pending().countDocuments()).to.equal(0));
  });

  it('take a record in once, also when it is brought once more after it was chained', async () => {
    const [a, late] = [node(), node(second)];
    await late.log.append([record('0')]);
    await act(a, [record('1')]);
    const [brought] = await pending().find().toArray();
    if (brought === undefined) throw new Error('it waits');
    await a.log.read({ afterCursor: 0, limit: 10 });
    await pending().insertOne(brought);
    await late.log.read({ afterCursor: 0, limit: 10 });
    await late.log.append([record('2')]);
    expect(await objects()).to.deep.equal(['0', '1', '2']);
    expect(await pending().countDocuments()).to.equal(0);
  });

  it('sign nothing that was put among the waiting or changed there, and say that it was there', async () => {
    const a = node();
    await act(a, [record('1')]);
    const forged = JSON.stringify({ act: 'user.created', outcome: 'done' });
    await pending().updateOne({}, { $set: { text: forged } });
    await pending().insertOne({ _id: 'forged', atMs: T0, text: forged, mac: '0'.repeat(64) } as never);
    await pending().insertOne({ _id: 7, text: { a: 1 } } as never);
    await a.log.read({ afterCursor: 0, limit: 10 });
    const said = (await all()).slice(1).map(({ text }) => auditRecordFrom(text));
    expect(said.map(({ act: name, outcome }) => `${name} ${outcome}`)).to.deep.equal([
      'audit.unauthentic refused',
      'audit.unauthentic refused',
      'audit.unauthentic refused',
    ]);
    expect(said.map(({ facts }) => facts)).to.have.deep.members([
      { said: '[object Object]' },
      { said: forged },
      { said: forged },
    ]);
    await expectWholeLog(temporary.store);
  });

  it('keep no record out by one that was put among the waiting under its id', async () => {
    const a = node();
    const [signed] = a.outbox.sign('u_1:1', T0, [record('1')]);
    if (signed === undefined) throw new Error('it is signed');
    await pending().insertOne({ ...signed, text: '{}' });
    await a.log.read({ afterCursor: 0, limit: 10 });
    await pending().insertOne(signed);
    await a.log.read({ afterCursor: 0, limit: 10 });
    expect(await objects()).to.deep.equal([signed._id, '1']);
  });

  it('have all that a process did when it has ended in order', async () => {
    const a = node();
    await act(a, [record('1')]);
    await a.close();
    expect(await objects()).to.deep.equal(['1']);
    const b = node(second);
    await act(b, [record('2')], second);
    expect((await b.log.anchor()).seq).to.equal(2);
  });

  it('part when two processes go on with one: a copy of a process begins a chain of its own', async () => {
    const chains = ['original', 'copied'];
    const a = node(temporary.store, { newChain: () => 'original' });
    const copy = node(second, { newChain: () => chains.shift() ?? 'again' });
    await a.log.append([record('1')]);
    await copy.log.append([record('2')]);
    await a.log.append([record('3')]);
    const entries = (await all()).map(({ chain, seq }) => `${chain} ${seq}`);
    expect(entries).to.deep.equal(['original 1', 'original 2', 'copied 1', 'copied 2', 'original 3']);
    expect(await objects()).to.deep.equal(['1', '2', '3']);
    await expectWholeLog(temporary.store);
  });

  it('are read page by page, across nodes, without a gap and without a repeat', async () => {
    const [a, b] = [node(), node(second)];
    for (let number = 0; number < 10; number += 1) {
      await (number % 2 === 0 ? a : b).log.append([record(`${number}`), record(`${number}+`)]);
    }
    const read: AuditEntry[] = [];
    for (;;) {
      const page = await a.log.read({ afterCursor: read.at(-1)?.cursor ?? 0, limit: 3 });
      read.push(...page);
      if (page.length < 3) break;
    }
    expect(read).to.deep.equal(await all());
    expect(read).to.have.length(22);
  });

  it('have an anchor from their begin, and miss what is cut off behind the last one', async () => {
    const [a, b] = [node(), node(second)];
    await a.log.append([record('1')]);
    await b.log.append([record('2')]);
    await b.log.append([record('3')]);
    await b.log.anchor();
    await expectWholeLog(temporary.store);
    await temporary.client.db().collection('audit_log').deleteOne({ 'entries.text': /"3"/ });
    const outcome = await expectWholeLog(temporary.store).catch((error: Error) => error.message);
    expect(outcome).to.contain('audit.anchor');
  });

  it('take no more than fits in one write', async () => {
    const many = Array.from({ length: 257 }, (_, number) => record(`${number}`));
    const outcome = await node()
      .log.append(many)
      .catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(InvariantViolation);
    expect(await all()).to.deep.equal([]);
  });
});
