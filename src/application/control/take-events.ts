import type { AuditActor } from '../../domain/audit/audit-record.ts';
import {
  AgentEvent,
  type EventTransition,
  type ReviewStart,
  type TakenEvent,
} from '../../domain/control/agent-event.ts';
import { EVENT_ID_BITS, mintAgentEventId, mintReviewId } from '../../domain/control/agent-event-id.ts';
import type { AgentEventState, EventClaims, EventOrigin } from '../../domain/control/agent-event-state.ts';
import type { ControlPolicy } from '../../domain/control/control-policy.ts';
import {
  type Classification,
  dispatch,
  type Stoppable,
  type VerdictContent,
} from '../../domain/control/dispatch.ts';
import { policyForEvent, policyToDecideBy } from '../../domain/control/policy-book.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { Watchman } from '../ports/alerts/watchman.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { AgentEventStore, RecordOutcome } from '../ports/control/agent-event-store.ts';
import type { ClassifiedEvent, Finding } from '../ports/control/event-classifier.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';
import type { ClassifyInTime } from './classify-in-time.ts';
import { compareClaims } from './compare-claims.ts';
import { Deadlines } from './deadlines.ts';
import type { LivePolicies } from './live-policies.ts';
import type { RecordInBatches } from './record-in-batches.ts';

/** Rest between two attempts to keep an event, in milliseconds. */
const RETRY_MS = 250;
/** At most so often is it told that events have come, in milliseconds. */
export const TELL_EVENTS_EVERY_MS = 1_000;
/** How often a change is decided anew because another came first. */
const MAX_DECISIONS = 64;

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

/** What became of an event. */
export type Taken =
  /** It is kept, in this state; what is due may be sent. */
  | { readonly kind: 'kept'; readonly state: AgentEventState }
  /**
   * The store did not take it in time. `verdict` is what its policy wants of an event that is not classified, if anything.
   * `late`: it may take it still, and then there is an answer of it; never rejects.
   */
  | {
      readonly kind: 'unkept';
      readonly verdict: VerdictContent | undefined;
      readonly late?: Promise<Taken>;
    };

/** How long whoever sent an event waits for its verdict. */
interface Patience {
  isOver: boolean;
  /** Takes the event back from where it waits for the store, if that is where it is. */
  withdraw?: () => void;
}

interface Deps {
  readonly classify: ClassifyInTime;
  readonly records: RecordInBatches;
  readonly store: Pick<AgentEventStore, 'put' | 'findSame'>;
  readonly policies: LivePolicies;
  readonly bus: FleetBus;
  readonly audit: AuditTrail;
  readonly watchman: Watchman;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly settings: {
    /** How long a person has, in milliseconds. */
    readonly reviewDeadlineMs: number;
    /** Whether classifying costs more than a look at the store, which is then asked first. */
    readonly isClassifyingDear: boolean;
    /** How long an event may take until what is told of it is decided, in milliseconds. */
    readonly verdictDeadlineMs: number;
  };
}

/**
 * Takes agents' events: classifies them, decides by the policy what becomes of them, and keeps them before anybody hears
 * of it. An event is its owner's, its id's and its bytes': what came before gets the answer that it got.
 */
export class TakeEvents {
  readonly #deps: Deps;
  readonly #deadlines: Deadlines;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#deadlines = new Deadlines(deps, deps.settings.verdictDeadlineMs);
  }

  /** Resolves within the deadline, whatever the classifier and the store do. Never rejects. */
  take(source: EventSource, event: IncomingEvent): Promise<Taken> {
    const atReceipt = this.#policyFor(source, event);
    const policyNow = (): ControlPolicy => policyToDecideBy(atReceipt, this.#policyFor(source, event));
    const unkept = (error: unknown): Taken => {
      this.#deps.log.error({ err: error, owner: source.owner }, "an agent's event could not be kept");
      this.#deps.metrics.count('holdfast_control_events_total', { outcome: 'unkept' });
      return { kind: 'unkept', verdict: unkeptVerdict(stoppable(source, event), policyNow()) };
    };
    const patience: Patience = { isOver: false };
    const taken = this.#take(source, event, policyNow, patience).then(
      (state): Taken => ({ kind: 'kept', state }),
      // What failed after the answer has been told of before.
      (error): Taken => (patience.isOver ? { kind: 'unkept', verdict: undefined } : unkept(error)),
    );
    return this.#deadlines.race(taken, () => {
      const late = unkept(new PortError('timeout', 'store', 'the event was not kept in time'));
      patience.isOver = true;
      patience.withdraw?.();
      return { ...late, late: taken };
    });
  }

  #policyFor({ profile }: EventSource, { claims }: IncomingEvent): ControlPolicy {
    return policyForEvent(this.#deps.policies.book, profile, claims.agentId);
  }

  async #take(
    source: EventSource,
    event: IncomingEvent,
    policyNow: () => ControlPolicy,
    patience: Patience,
  ): Promise<AgentEventState> {
    const { clock, store, settings, classify } = this.#deps;
    const receivedAtMs = clock.nowMs();
    compareClaims(this.#deps, source, event.claims);
    if (settings.isClassifyingDear) {
      const same = await store.findSame({ ...source, eventId: event.claims.eventId, sha256: event.sha256 });
      if (same !== undefined) return this.#resend(same, source, policyNow());
    }
    const found = classify.classify(source.owner, event.classified);
    const finding = found instanceof Promise ? await found : found;
    // It may have changed meanwhile.
    const policy = policyNow();
    const fresh = this.#decide(source, event, { finding, receivedAtMs, policy });
    const outcome = await this.#record(fresh.snapshot(), patience);
    if (outcome.kind === 'known') return this.#known(fresh.snapshot(), outcome.state, source, policy);
    if (outcome.kind === 'recorded') return this.#kept(fresh.snapshot(), outcome.isVariant, source);
    const refused = fresh.refuseReview(policy, this.#transition()).snapshot();
    const again = await this.#record(refused, patience);
    if (again.kind === 'known') return this.#known(refused, again.state, source, policy);
    this.#deps.metrics.count('holdfast_control_reviews_decided_total', { outcome: 'too_many' });
    return this.#kept(refused, again.kind === 'recorded' && again.isVariant, source);
  }

  #decide(
    source: EventSource,
    { bytes, sha256, claims, classified }: IncomingEvent,
    by: { readonly finding: Finding; readonly receivedAtMs: number; readonly policy: ControlPolicy },
  ): AgentEvent {
    const { ids, settings } = this.#deps;
    const { owner, sessionId, profile, origin } = source;
    const { finding, receivedAtMs, policy } = by;
    const found: Classification =
      finding.kind === 'error' ? finding : { kind: finding.kind, code: finding.code, reason: finding.reason };
    const rule = finding.kind === 'classified' ? finding.rule : undefined;
    const taken: TakenEvent = {
      owner,
      sessionId,
      origin,
      sha256,
      bytes,
      claims,
      receivedAtMs,
      found,
      ...(profile === undefined ? {} : { profile }),
      ...(rule === undefined ? {} : { rule }),
    };
    const id = mintAgentEventId(receivedAtMs, ids.secret(EVENT_ID_BITS));
    const review = (): ReviewStart => ({
      id: mintReviewId(receivedAtMs, ids.secret(EVENT_ID_BITS)),
      deadlineMs: settings.reviewDeadlineMs,
    });
    const what = dispatch(found, stoppable(source, { classified }), policy);
    return AgentEvent.take(id, taken, what, review, this.#transition());
  }

  /**
   * Tries again while the store takes nothing and somebody waits; one whose outcome is unknown is found as known then.
   * What nobody waits for any more is sent again by its client, and is not written unless that is under way.
   */
  async #record(state: AgentEventState, patience: Patience): Promise<RecordOutcome> {
    const { records, timers } = this.#deps;
    patience.withdraw = () => records.withdraw(state.mark);
    for (;;) {
      try {
        if (patience.isOver) throw new PortError('unavailable', 'store', 'nobody waits for it any more');
        return await records.record(state);
      } catch (error) {
        if (!(error instanceof PortError) || patience.isOver) throw error;
        await timers.sleep(RETRY_MS);
      }
    }
  }

  #known(
    ours: AgentEventState,
    known: AgentEventState,
    source: EventSource,
    policy: ControlPolicy,
  ): Promise<AgentEventState> | AgentEventState {
    return known.mark === ours.mark ? this.#kept(known, false, source) : this.#resend(known, source, policy);
  }

  #kept(state: AgentEventState, isVariant: boolean, { actor }: EventSource): AgentEventState {
    const { audit, bus, metrics, clock } = this.#deps;
    const outcome = state.found.kind === 'error' ? 'error' : state.delivery;
    metrics.count('holdfast_control_events_total', { outcome });
    if (isVariant) audit.refuse({ act: 'event.id_reused', outcome: 'refused', actor, object: state.id });
    if (state.review !== undefined) bus.tellControl({ kind: 'review', id: state.review.id });
    const nowMs = clock.nowMs();
    if (nowMs - this.#toldAtMs >= TELL_EVENTS_EVERY_MS) {
      this.#toldAtMs = nowMs;
      bus.tellControl({ kind: 'event' });
    }
    return state;
  }

  /** Whoever sends what is known already gets the answer that there is, or that is to come. */
  async #resend(
    known: AgentEventState,
    { owner, origin }: EventSource,
    policy: ControlPolicy,
  ): Promise<AgentEventState> {
    const { store, metrics } = this.#deps;
    metrics.count('holdfast_control_events_total', { outcome: 'resent' });
    let present: AgentEventState | undefined = known;
    for (let decision = 0; decision < MAX_DECISIONS && present !== undefined; decision += 1) {
      const next = AgentEvent.restore(present).resent(origin, policy, this.#transition())?.snapshot();
      if (next === undefined) return present;
      if ((await store.put(next, present.mark)) === 'stored') return next;
      present = await store.findSame({ owner, eventId: known.claims.eventId, sha256: known.sha256 });
    }
    throw new PortError('conflict', 'store', 'others changed the event at the same time');
  }

  #transition(): EventTransition {
    return { nowMs: this.#deps.clock.nowMs(), mark: this.#deps.ids.uuid() };
  }
}

/** What its login says of the source decides, never what the event says. */
const stoppable = (
  { source }: EventSource,
  { classified }: Pick<IncomingEvent, 'classified'>,
): Stoppable => ({
  pairType: classified.pairType,
  toolCalls: classified.calls.length,
  source,
});

/** What is told of an event that could be neither kept nor asked about: an error, as the policy has it. */
function unkeptVerdict(event: Stoppable, policy: ControlPolicy): VerdictContent | undefined {
  const what = dispatch({ kind: 'error', reason: 'The event could not be kept' }, event, policy);
  return what.kind === 'store' ? undefined : what.verdict;
}
