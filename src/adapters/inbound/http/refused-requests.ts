import type { AuditTrail } from '../../../application/ports/audit-trail.ts';
import { actorAt, actorOf } from '../../../domain/audit/audit-actor.ts';
import { DomainError, type DomainErrorCode } from '../../../domain/domain-error.ts';
import type { Principal } from '../../../domain/identity/principal.ts';
import { networkOf } from './network-of.ts';
import { HttpRefusal } from './problem.ts';

/** What a route cannot know of, since it was not asked: the door refused. */
const DOOR_REFUSALS: readonly string[] = ['request.cross_site', 'request.csrf_token', 'request.in_the_clear'];
/** Limits of a person that whoever is at them has run into. */
const LIMITS: readonly DomainErrorCode[] = [
  'api_key.limit_reached',
  'chat.limit_reached',
  'stream.limit_reached',
  'ticket.limit_reached',
];

/** The refusal of somebody who is known, at the door of a route that his permissions do not open. */
export class PermissionRefusal extends DomainError {
  readonly principal: Principal;

  constructor(principal: Principal) {
    super('permission.denied', 'You may not do this');
    this.principal = principal;
  }
}

/**
 * Records what is refused before or beside a use case: a route that is not open to who asks, a page of another site, a
 * limit (ASVS 5.0, 16.3.2). What a use case refuses it records itself.
 */
export function recordRefusal(
  audit: AuditTrail,
  error: unknown,
  request: {
    readonly principal: Principal | undefined;
    readonly address: string;
    /** Method and pattern of the route. */
    readonly route: string;
    readonly requestId: string;
  },
): void {
  const isDoor =
    error instanceof PermissionRefusal ||
    (error instanceof HttpRefusal && DOOR_REFUSALS.includes(error.code)) ||
    (error instanceof DomainError && LIMITS.includes(error.code));
  if (!isDoor) return;
  const principal = error instanceof PermissionRefusal ? error.principal : request.principal;
  const actor = principal === undefined ? actorAt(networkOf(request.address)) : actorOf(principal);
  audit.refuse({
    act: 'request.refused',
    outcome: 'refused',
    object: request.route,
    requestId: request.requestId,
    facts: { code: error.code },
    ...(actor === undefined ? {} : { actor }),
  });
}
