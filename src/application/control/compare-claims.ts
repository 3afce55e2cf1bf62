import type { AuditActor } from '../../domain/audit/audit-record.ts';
import type { AgentRoute, EventClaims } from '../../domain/control/agent-event-state.ts';
import type { Watchman } from '../ports/alerts/watchman.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Metrics } from '../ports/metrics.ts';

interface Deps {
  readonly audit: AuditTrail;
  readonly watchman: Watchman;
  readonly metrics: Metrics;
}

/** What a client said when it logged in. */
interface Login extends AgentRoute {
  readonly actor: AuditActor;
  readonly connectionId: string;
}

/** What a client says in an event routes nothing; where it is not what it said at login, that is noted. */
export function compareClaims(
  { audit, watchman, metrics }: Deps,
  { owner, actor, sessionId, connectionId }: Login,
  claims: EventClaims,
): void {
  const differs =
    (claims.sessionId !== '' && claims.sessionId !== sessionId) ||
    (claims.connectionId !== '' && claims.connectionId !== connectionId);
  if (!differs) return;
  metrics.count('holdfast_control_claims_differ_total');
  watchman.notice({
    kind: 'ids.mismatched',
    principal: owner,
    word: 'event',
    detail: `session ${sessionId}`,
  });
  audit.refuse({
    act: 'event.claims_differ',
    outcome: 'refused',
    actor,
    object: sessionId,
    facts: { sessionId: claims.sessionId, connectionId: claims.connectionId },
  });
}
