import type { AuditRecord } from '../../domain/audit/audit-record.ts';

/**
 * Where security-relevant acts are recorded that no other write records.
 *
 * An act that writes passes its records to the port that carries it out, as the last member of the method's input,
 * `audit`: they are stored in the act's own transaction, so that they are there if and only if the act is done.
 */
export interface AuditTrail {
  /**
   * Records an act that writes nothing, such as reading what is another's. To be awaited before the act is done.
   *
   * @throws PortError `unavailable` or `timeout` when the record is not stored: the act must not be done then.
   */
  act(record: AuditRecord): Promise<void>;
  /** Records a refusal: stored a moment later, together with others; many of one actor are counted. Never throws. */
  refuse(record: AuditRecord): void;
}
