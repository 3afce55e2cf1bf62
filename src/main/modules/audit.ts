import type { Container } from 'inversify';
import { ReadAudit } from '../../application/audit/read-audit.ts';
import { StoredAuditTrail } from '../../application/audit/stored-audit-trail.ts';
import { AUDIT_KEEPER, READ_AUDIT } from '../tokens/audit.ts';
import { AUDIT, AUDIT_LOG, CLOCK, LOG, METRICS, TIMERS } from '../tokens.ts';

/** Binds what records acts and refusals; the log that they go to is bound with the store. */
export function bindAudit(container: Container): void {
  container
    .bind(AUDIT_KEEPER)
    .toResolvedValue(
      (store, log, metrics, timers, clock) => new StoredAuditTrail({ store, log, metrics, timers, clock }),
      [AUDIT_LOG, LOG, METRICS, TIMERS, CLOCK],
    )
    .inSingletonScope();
  container.bind(AUDIT).toResolvedValue((keeper) => keeper, [AUDIT_KEEPER]);
  container.bind(READ_AUDIT).toResolvedValue((reader) => new ReadAudit({ reader }), [AUDIT_LOG]);
}
