import type { AuditActor } from '../../domain/audit/audit-record.ts';
import type { EventClaims, EventOrigin } from '../../domain/control/agent-event-state.ts';
import type { ControlPolicy } from '../../domain/control/control-policy.ts';
import { dispatch, type Stoppable, type VerdictContent } from '../../domain/control/dispatch.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { ClassifiedEvent } from '../ports/control/event-classifier.ts';

/** Whoever sends events: what the server knows of him, and what he said when he logged in. */
export interface EventSource {
  readonly owner: SubscriberOwner;
  /** The agent profile that the key is bound to. */
  readonly profile?: string;
  readonly actor: AuditActor;
  readonly sessionId: string;
  readonly connectionId: string;
  readonly source: string;
  readonly origin: EventOrigin;
}

/** One event as it came. */
export interface IncomingEvent {
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly claims: EventClaims;
  /** What of it a classifier is shown. */
  readonly classified: ClassifiedEvent;
}

/** How long whoever sent an event waits for its verdict. */
export interface Patience {
  isOver: boolean;
  /** The same had come before, as it turned out. */
  isAgain: boolean;
  /**
   * The mark of the state that waits for the store, or has. No function that takes it back: V8 makes one that is assigned to a
   * member among what lives long, where it keeps all that it knows until all of the memory is collected.
   */
  mark?: string;
}

/** What of an event is kept until it is answered; its texts, which are most of it, are not. */
export interface Arrival {
  readonly source: EventSource;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly claims: EventClaims;
  readonly stoppable: Stoppable;
  readonly receivedAtMs: number;
  /** The policy of the moment that it came. */
  readonly atReceipt: ControlPolicy;
}

/** What is to be kept of an event that has come. */
export const arrivalOf = (
  source: EventSource,
  { bytes, sha256, claims, classified }: IncomingEvent,
  at: Pick<Arrival, 'receivedAtMs' | 'atReceipt'>,
): Arrival => ({
  source,
  bytes,
  sha256,
  claims,
  stoppable: {
    pairType: classified.pairType,
    toolCalls: classified.calls.length,
    // What its login says of the source decides, never what the event says.
    source: source.source,
  },
  receivedAtMs: at.receivedAtMs,
  atReceipt: at.atReceipt,
});

/** What is told of an event that could be neither kept nor asked about: an error, as the policy has it. */
export function unkeptVerdict(event: Stoppable, policy: ControlPolicy): VerdictContent | undefined {
  const what = dispatch({ kind: 'error', reason: 'The event could not be kept' }, event, policy);
  return what.kind === 'store' ? undefined : what.verdict;
}
