import { expect } from 'chai';
import type { AuditEntry, AuditLog } from '../../src/application/ports/audit-log.ts';
import { CHAIN_START, type ChainedRecord } from '../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../src/domain/audit/audit-record.ts';

/** A log under test, on a store whose writer has recorded nothing yet, and how to put it away. */
export interface AuditLogUnderTest {
  readonly log: AuditLog;
  close(): Promise<void>;
}

const record = (object: string): AuditRecord => ({ act: 'chat.read_any', outcome: 'done', object });

/** The behaviour of every `AuditLog`. */
export function describeAuditLog(name: string, create: () => Promise<AuditLogUnderTest>): void {
  describe(`${name} as an AuditLog`, () => {
    let subject: AuditLogUnderTest;
    let log: AuditLog;
    beforeEach(async () => {
      subject = await create();
      log = subject.log;
    });
    afterEach(() => subject.close());

    const all = (): Promise<readonly AuditEntry[]> => log.read({ afterCursor: 0, limit: 1_000 });

    it('begins its chain with the first record, and keeps all in order', async () => {
      expect(await all()).to.deep.equal([]);
      await log.append([record('1'), record('2')]);
      await log.append([record('3')]);
      const entries = await all();
      expect(entries.map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4]);
      const [start, ...rest] = entries.map(({ text }) => auditRecordFrom(text));
      expect(start?.act).to.equal(CHAIN_START);
      expect(rest).to.deep.equal([record('1'), record('2'), record('3')]);
      expect(new Set(entries.map(({ chain }) => chain))).to.have.length(1);
      expect(new Set(entries.map(({ mac }) => mac))).to.have.length(4);
    });

    it('chains what many append at once without a gap', async () => {
      const objects = Array.from({ length: 50 }, (_, number) => String(number));
      await Promise.all(objects.map((object) => log.append([record(object)])));
      const entries = await all();
      expect(entries.map(({ seq }) => seq)).to.deep.equal(
        Array.from({ length: 51 }, (_, index) => index + 1),
      );
      const stored = entries.slice(1).map(({ text }) => auditRecordFrom(text).object);
      expect(stored).to.have.members(objects);
    });

    it('is read on from a cursor without a gap and without a repeat', async () => {
      await log.append(['1', '2', '3', '4'].map(record));
      const read: AuditEntry[] = [];
      for (;;) {
        const page = await log.read({ afterCursor: read.at(-1)?.cursor ?? 0, limit: 2 });
        read.push(...page);
        if (page.length < 2) break;
      }
      expect(read).to.deep.equal(await all());
      const cursors = read.map(({ cursor }) => cursor);
      expect(cursors).to.deep.equal([...new Set(cursors)].sort((left, right) => left - right));
    });

    it('tells where the chain stands, and begins it to do so', async () => {
      const first = await log.anchor();
      expect(first.seq).to.equal(1);
      await log.append([record('1')]);
      expect((await log.heads(5)).map(({ seq }) => seq)).to.deep.equal([2]);
      const head = await log.anchor();
      const last = (await all()).at(-1);
      expect(head).to.deep.equal(last && { chain: last.chain, seq: 2, mac: last.mac });
    });

    it('tells each record that is committed, in order', async () => {
      const heard: ChainedRecord[] = [];
      log.subscribe((told) => heard.push(told));
      await log.append([record('1'), record('2')]);
      expect(heard.map(({ seq }) => seq)).to.deep.equal([1, 2, 3]);
      expect(heard.map(({ mac }) => mac)).to.deep.equal((await all()).map(({ mac }) => mac));
    });
  });
}
