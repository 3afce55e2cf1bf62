import type { Principal } from '../identity/principal.ts';
import type { AuditActor } from './audit-record.ts';

/** Who a principal is to the audit: a key is named itself, since its owner did not act. */
export function actorOf(principal: Principal): AuditActor {
  switch (principal.kind) {
    case 'user':
      return principal.userId;
    case 'key':
    case 'agent':
      return `key:${principal.apiKeyId}`;
    case 'service':
      return 'service';
  }
}

/**
 * Who a caller without a good credential is to the audit: his network, as which all its addresses are counted, so that
 * nobody is as many actors as he has addresses.
 */
export const actorAt = (network: string | undefined): AuditActor | undefined =>
  network === undefined ? undefined : `address:${network}`;
