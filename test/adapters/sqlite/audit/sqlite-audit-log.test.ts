import { expect } from 'chai';
import { authenticator } from '../../../../src/adapters/outbound/sqlite/audit/audit-chain-writer.ts';
import { SqliteAuditLog } from '../../../../src/adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { SqliteAuditReader } from '../../../../src/adapters/outbound/sqlite/audit/sqlite-audit-reader.ts';
import { SqliteStore } from '../../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import type { AuditEntry } from '../../../../src/application/ports/audit-log.ts';
import { followedBy, headText, isAuthentic } from '../../../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../../../src/domain/audit/audit-record.ts';
import { describeAuditLog } from '../../../contracts/audit-log.ts';
import { expectFault } from '../../../support/faults.ts';
import { AUDIT_KEY, type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

const RECORD: AuditRecord = { act: 'user.created', outcome: 'done', actor: 'system', object: 'u_1' };

describeAuditLog('SqliteAuditLog', async () => {
  const temporary = await temporaryStore();
  return { log: new SqliteAuditLog(temporary.store), close: () => temporary.remove() };
});

describe('the audit log of the embedded store', () => {
  let temporary: TemporaryStore;
  let log: SqliteAuditLog;
  beforeEach(async () => {
    temporary = await temporaryStore();
    log = new SqliteAuditLog(temporary.store);
  });
  afterEach(() => temporary.remove());

  const all = (): Promise<readonly AuditEntry[]> => log.read({ afterCursor: 0, limit: 100 });

  it('authenticates every record with the key and the record before it', async () => {
    await log.append([RECORD, RECORD]);
    const entries = await all();
    entries.forEach((entry, index) => {
      const before = entries[index - 1]?.mac;
      expect(isAuthentic(entry, before, authenticator(AUDIT_KEY))).to.equal(true);
      expect(isAuthentic(entry, before, authenticator('another key'))).to.equal(false);
    });
  });

  it('lets no row be changed or deleted', async () => {
    await log.append([RECORD]);
    expect(() => temporary.exec("UPDATE audit_records SET record = '{}'")).to.throw('append-only');
    expect(() => temporary.exec('DELETE FROM audit_records')).to.throw('append-only');
    expect(await all()).to.have.length(2);
  });

  it('goes on after a transaction that failed as if it had not been, and has no gap', async () => {
    await log.append([RECORD]);
    temporary.exec(`CREATE TRIGGER fault BEFORE INSERT ON audit_records WHEN NEW.record LIKE '%"refused"%'
      BEGIN SELECT RAISE(ABORT, 'not now'); END`);
    const broken = log.append([RECORD, { ...RECORD, outcome: 'refused' }]).then(
      () => 'stored',
      () => 'broken',
    );
    const beside = log.append([RECORD]);
    expect(await broken).to.equal('broken');
    await beside;
    expect((await all()).map(({ seq }) => seq)).to.deep.equal([1, 2, 3]);
  });

  it('begins a new chain at each start, which follows the last record there is', async () => {
    await log.append([RECORD]);
    const before = (await all()).at(-1);
    await temporary.store.close();
    const audit = { chain: 'second-chain', key: AUDIT_KEY, about: { pid: 7 } };
    const next = await SqliteStore.open(temporary.dataDir, undefined, () => audit);
    const later = new SqliteAuditLog(next);
    await later.anchor();
    const start = (await later.read({ afterCursor: 0, limit: 100 })).at(-1);
    expect(start).to.include({ chain: 'second-chain', seq: 1 });
    const said = auditRecordFrom(start?.text ?? '');
    expect(said.facts).to.include({ pid: 7 });
    const { cursor: _cursor, atMs: _atMs, text: _text, ...head } = before ?? ({} as AuditEntry);
    expect(followedBy(said)).to.deep.equal(head);
    expect((await later.heads(5)).map(({ chain }) => chain)).to.deep.equal(['second-chain', 'test-chain']);
    await next.close();
  });

  it('stores no act without a key', async () => {
    await temporary.store.close();
    const keyless = await SqliteStore.open(temporary.dataDir);
    await new SqliteAuditLog(keyless).append([RECORD]).then(
      () => expect.fail('it was stored'),
      (error: Error) => expect(error.message).to.contain('opened with an audit key'),
    );
    await keyless.close();
  });

  it('is read beside its server, and not where there is none', async () => {
    await log.append([RECORD]);
    const reader = SqliteAuditReader.open(temporary.dataDir);
    expect(await reader.read({ afterCursor: 1, limit: 5 })).to.deep.equal((await all()).slice(1));
    await log.append([RECORD]);
    expect((await reader.heads(1)).map(headText)).to.deep.equal((await log.heads(1)).map(headText));
    reader.close();
    await expectFault(
      Promise.resolve().then(() => SqliteAuditReader.open('/nowhere')),
      'unavailable',
    );
  });
});
