import type { AuditRecord, AuditTrail } from '../../../application/ports/audit-trail.ts';
import type { Log } from '../../../application/ports/log.ts';

/** Records security-relevant acts as structured lines of the log, under the field `audit`. */
export class LogAuditTrail implements AuditTrail {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  record(record: AuditRecord): void {
    const { requestId, ...audit } = record;
    this.#log.info({ ...(requestId === undefined ? {} : { requestId }), audit }, `audit: ${record.act}`);
  }
}
