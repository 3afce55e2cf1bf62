import type { AuditActor, AuditRecord } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import { realmOf, type SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import type { Watchman } from '../ports/alerts/watchman.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PortError } from '../ports/port-error.ts';

/** Who asks, for the audit alone. */
export interface Claimant {
  readonly actor?: AuditActor;
  readonly requestId?: string;
}

/** For whom something is claimed or taken back. */
export interface Awaiting {
  /** Whether he still waits for it: asked when it is decided, so that nothing is taken for who has been refused or has gone. */
  readonly isAwaited?: () => boolean;
}

/** @throws PortError `timeout` when nobody waits any more. */
export function requireAwaited({ isAwaited }: Awaiting): void {
  if (isAwaited?.() === false) throw new PortError('timeout', 'request', 'nobody waits for it any more');
}

/** Whether a claim that failed may be stored all the same. */
export const isInDoubt = (error: unknown): boolean => error instanceof PortError && error.kind === 'timeout';

/** The record of a session that somebody has now, on a connection of his. */
export function actOf(
  act: 'mux.session_opened' | 'mux.session_resumed' | 'mux.session_superseded',
  { actor, requestId }: Claimant,
  { id, kind, epoch, holders }: SubscriberState,
): AuditRecord {
  const [holder] = holders;
  return {
    act,
    outcome: 'done',
    object: id,
    ...(actor === undefined ? {} : { actor }),
    ...(requestId === undefined ? {} : { requestId }),
    facts: { kind, epoch, ...(holder === undefined ? {} : { connection: holder.connection }) },
  };
}

/** Who is told of a refusal. */
export interface RefusalHearers {
  readonly audit: AuditTrail;
  readonly watchman: Watchman;
  readonly metrics: Metrics;
}

/** What was refused, and to whom. */
interface Refused extends Claimant {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly network?: string;
}

/** Records the refusal of what is not the claimant's, with the cause that he does not learn, and throws it on. */
export function tellRefusal(
  { audit, watchman, metrics }: RefusalHearers,
  refused: Refused,
  error: unknown,
): never {
  if (error instanceof DomainError && error.code === 'subscriber.owned_by_other') {
    const { id, owner, actor, requestId, network } = refused;
    const cause = String(error.details.internal?.cause ?? 'unknown');
    audit.refuse({
      act: 'subscriber.claim_refused',
      outcome: 'refused',
      object: id,
      ...(actor === undefined ? {} : { actor }),
      ...(requestId === undefined ? {} : { requestId }),
      facts: { cause },
    });
    const detail = network === undefined ? id : `${id} from ${network}`;
    metrics.count('holdfast_takeovers_refused_total', { realm: realmOf(id), cause });
    watchman.notice({ kind: alertKindOf(id, cause), principal: owner, word: cause, detail });
  }
  throw error;
}

/** Whoever comes back to what is over takes nothing: only often is it worth a look. */
function alertKindOf(id: SubscriberId, cause: string) {
  if (realmOf(id) === 'control') return 'claims.refused';
  return cause === 'foreign' || cause === 'token' ? 'takeover.refused' : 'breaches.repeated';
}
