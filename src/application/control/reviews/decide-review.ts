import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import { AgentEvent, type Resolution } from '../../../domain/control/agent-event.ts';
import type { AgentEventState } from '../../../domain/control/agent-event-state.ts';
import { policyForEvent } from '../../../domain/control/policy-book.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AgentEventStore } from '../../ports/control/agent-event-store.ts';
import type { FleetBus } from '../../ports/fleet/fleet-bus.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { PortError } from '../../ports/port-error.ts';
import type { LivePolicies } from '../live-policies.ts';

/** What deciding about a review needs. */
export interface DecisionDeps {
  readonly store: AgentEventStore;
  readonly policies: Pick<LivePolicies, 'book'>;
  readonly bus: Pick<FleetBus, 'tellControl'>;
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'uuid'>;
  readonly metrics: Metrics;
}

/**
 * Decides about a review in the state in which it was found, with its record, and tells everybody whom it concerns.
 *
 * @returns the state with the decision; undefined when the review was changed meanwhile.
 * @throws DomainError `review.not_found`, `review.already_resolved`; PortError of the store.
 */
export async function decideReview(
  { store, policies, bus, clock, ids, metrics }: DecisionDeps,
  found: AgentEventState,
  resolution: Omit<Resolution, 'policy'>,
  by: Pick<AuditRecord, 'actor' | 'requestId'>,
): Promise<AgentEventState | undefined> {
  const policy = policyForEvent(policies.book, found.profile, found.claims.agentId);
  const to = { nowMs: clock.nowMs(), mark: ids.uuid() };
  const next = AgentEvent.restore(found)
    .resolve({ ...resolution, policy }, to)
    .snapshot();
  const tell = (): void => {
    bus.tellControl({ kind: 'due', route: { owner: found.owner, sessionId: found.sessionId } });
    if (found.review !== undefined) bus.tellControl({ kind: 'review', id: found.review.id });
  };
  try {
    const put = await store.put(next, found.mark, [recordOf(next, by)]);
    if (put === 'outdated') return undefined;
  } catch (error) {
    // It may have been stored: whoever waits for it looks.
    if (error instanceof PortError && error.kind === 'timeout') tell();
    throw error;
  }
  metrics.count('holdfast_control_reviews_decided_total', { outcome: resolution.decision });
  tell();
  return next;
}

/** What of an event belongs into the audit log: none of its text, nor of the reviewer's. */
function recordOf(
  { id, owner, review, found }: AgentEventState,
  by: Pick<AuditRecord, 'actor' | 'requestId'>,
): AuditRecord {
  return {
    act: `review.${review?.status ?? 'expired'}`,
    outcome: 'done',
    ...by,
    ...(review === undefined ? {} : { object: review.id }),
    facts: {
      event: id,
      owner,
      code: found.kind === 'classified' ? found.code : '',
      ...(review === undefined ? {} : { reason: review.reason }),
      commented: review?.comment !== undefined,
    },
  };
}
