import { MemoryAuditLog } from '../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import type { AuditTrail } from '../../src/application/ports/audit-trail.ts';
import { CHAIN_START } from '../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../src/domain/audit/audit-record.ts';

/** Keeps what is recorded, by whichever way, in order, for a test to read. `log` is for the memory stores. */
export class RecordingAudit implements AuditTrail {
  readonly log = new MemoryAuditLog();
  readonly records: AuditRecord[] = [];

  constructor() {
    this.log.subscribe(({ text }) => {
      const record = auditRecordFrom(text);
      if (record.act !== CHAIN_START) this.records.push(record);
    });
  }

  async act(record: AuditRecord): Promise<void> {
    this.log.add([record]);
  }

  refuse(record: AuditRecord): void {
    this.log.add([record]);
  }
}
