import type { AuditActor } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';

/** Who asks, for the audit alone. */
export interface Claimant {
  readonly actor?: AuditActor;
  readonly requestId?: string;
}

/** Records the refusal of what is not the claimant's, with the cause that he does not learn, and throws it on. */
export function tellRefusal(
  audit: AuditTrail,
  id: SubscriberId,
  { actor, requestId }: Claimant,
  error: unknown,
): never {
  if (error instanceof DomainError && error.code === 'subscriber.owned_by_other') {
    audit.refuse({
      act: 'subscriber.claim_refused',
      outcome: 'refused',
      object: id,
      ...(actor === undefined ? {} : { actor }),
      ...(requestId === undefined ? {} : { requestId }),
      facts: { cause: error.details.internal?.cause ?? 'unknown' },
    });
  }
  throw error;
}
