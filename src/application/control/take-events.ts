import {
  AgentEvent,
  type EventTransition,
  type ReviewStart,
  type TakenEvent,
} from '../../domain/control/agent-event.ts';
import { EVENT_ID_BITS, mintAgentEventId, mintReviewId } from '../../domain/control/agent-event-id.ts';
import type { AgentEventState } from '../../domain/control/agent-event-state.ts';
import type { ControlPolicy } from '../../domain/control/control-policy.ts';
import { type Classification, dispatch, type VerdictContent } from '../../domain/control/dispatch.ts';
import { policyForEvent, policyToDecideBy } from '../../domain/control/policy-book.ts';
import type { Watchman } from '../ports/alerts/watchman.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { AgentEventStore, RecordOutcome } from '../ports/control/agent-event-store.ts';
import type { Finding } from '../ports/control/event-classifier.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';
import type { ClassifyInTime } from './classify-in-time.ts';
import { compareClaims } from './compare-claims.ts';
import { countedFinding } from './counted-finding.ts';
import { Deadlines } from './deadlines.ts';
import {
  type Arrival,
  arrivalOf,
  type EventSource,
  type IncomingEvent,
  type Patience,
  unkeptVerdict,
} from './event-arrival.ts';
import type { LivePolicies } from './live-policies.ts';
import type { RecordInBatches } from './record-in-batches.ts';

/** Rest between two attempts to keep an event, in milliseconds. */
const RETRY_MS = 250;
/** What an event that has waited for its turn as long as it may still gets to be kept in, in milliseconds. */
export const LEAST_TO_BE_KEPT_MS = 100;
/** At most so often is it told that events have come, in milliseconds. */
export const TELL_EVENTS_EVERY_MS = 1_000;
/** How often a change is decided anew because another came first. */
const MAX_DECISIONS = 64;

/** What became of an event. */
export type Taken =
  /** It is kept, in this state; what is due may be sent. `isAgain`: it had come before. */
  | { readonly kind: 'kept'; readonly state: AgentEventState; readonly isAgain: boolean }
  /**
   * The store did not take it in time. `verdict` is what its policy wants of an event that is not classified, if anything.
   * `late`: it may take it still, and then there is an answer of it; never rejects.
   */
  | {
      readonly kind: 'unkept';
      readonly verdict: VerdictContent | undefined;
      readonly late?: Promise<Taken>;
    };

/** Asks what an event is. */
type Classify = () => Promise<Finding> | Finding;

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

  /**
   * Resolves within the deadline, whatever the classifier and the store do. Never rejects. What is classified at once is
   * forgotten at once, and not kept until the store has its event.
   *
   * @param sinceMs when the event was received, if it has waited since: what has waited until its deadline is kept all the
   *   same where the store takes it quickly.
   */
  take(source: EventSource, event: IncomingEvent, sinceMs?: number): Promise<Taken> {
    const atReceipt = policyForEvent(this.#deps.policies.book, source.profile, event.claims.agentId);
    const nowMs = this.#deps.clock.nowMs();
    const arrival = arrivalOf(source, event, { receivedAtMs: nowMs, atReceipt });
    const patience: Patience = { isOver: false, isAgain: false };
    const classify = (): Promise<Finding> | Finding =>
      this.#deps.classify.classify(source.owner, event.classified, sinceMs);
    const taken = this.#take(arrival, classify, patience).then(
      (state): Taken => ({ kind: 'kept', state, isAgain: patience.isAgain }),
      // What failed after the answer has been told of before.
      (error): Taken =>
        patience.isOver ? { kind: 'unkept', verdict: undefined } : this.#unkept(arrival, error),
    );
    const late = (): Taken => {
      const unkept = this.#unkept(
        arrival,
        new PortError('timeout', 'store', 'the event was not kept in time'),
      );
      patience.isOver = true;
      if (patience.mark !== undefined) this.#deps.records.withdraw(patience.mark);
      return { ...unkept, late: taken };
    };
    const latestMs = nowMs - this.#deps.settings.verdictDeadlineMs + LEAST_TO_BE_KEPT_MS;
    return this.#deadlines.race(taken, late, Math.max(sinceMs ?? nowMs, latestMs));
  }

  #unkept(arrival: Arrival, error: unknown): Extract<Taken, { readonly kind: 'unkept' }> {
    const { log, metrics } = this.#deps;
    log.error({ err: error, owner: arrival.source.owner }, "an agent's event could not be kept");
    metrics.count('holdfast_control_events_total', { outcome: 'unkept' });
    return { kind: 'unkept', verdict: unkeptVerdict(arrival.stoppable, this.#policyFor(arrival)) };
  }

  /** The policy to decide an event by now: it may have changed since that came. */
  #policyFor({ source, claims, atReceipt }: Arrival): ControlPolicy {
    const { book } = this.#deps.policies;
    return policyToDecideBy(atReceipt, policyForEvent(book, source.profile, claims.agentId));
  }

  #take(arrival: Arrival, classify: Classify, patience: Patience): Promise<AgentEventState> {
    if (this.#deps.settings.isClassifyingDear) return this.#takeUnlessKnown(arrival, classify, patience);
    return this.#keep(arrival, classify(), patience);
  }

  async #takeUnlessKnown(arrival: Arrival, classify: Classify, patience: Patience): Promise<AgentEventState> {
    const { source, sha256, claims } = arrival;
    const same = await this.#deps.store
      .findSame({ ...source, eventId: claims.eventId, sha256 })
      .catch(unlessAway);
    if (same === undefined) return this.#keep(arrival, classify(), patience);
    compareClaims(this.#deps, source, claims);
    patience.isAgain = true;
    return this.#resend(same, source, this.#policyFor(arrival));
  }

  async #keep(
    arrival: Arrival,
    found: Promise<Finding> | Finding,
    patience: Patience,
  ): Promise<AgentEventState> {
    const { source } = arrival;
    compareClaims(this.#deps, source, arrival.claims);
    const finding = found instanceof Promise ? await found : found;
    const policy = this.#policyFor(arrival);
    const fresh = this.#decide(arrival, finding, policy);
    const state = fresh.snapshot();
    const outcome = await this.#record(state, patience);
    if (outcome.kind === 'known') {
      patience.isAgain = outcome.state.mark !== state.mark;
      return this.#known(state, outcome.state, source, policy);
    }
    if (outcome.kind === 'recorded') return this.#kept(state, outcome.isVariant, source);
    const refused = fresh.refuseReview(policy, this.#transition()).snapshot();
    const again = await this.#record(refused, patience);
    if (again.kind === 'known') {
      patience.isAgain = again.state.mark !== refused.mark;
      return this.#known(refused, again.state, source, policy);
    }
    this.#deps.metrics.count('holdfast_control_reviews_decided_total', { outcome: 'too_many' });
    return this.#kept(refused, again.kind === 'recorded' && again.isVariant, source);
  }

  #decide(arrival: Arrival, whole: Finding, policy: ControlPolicy): AgentEvent {
    const { ids, settings } = this.#deps;
    const finding = countedFinding(whole, policy);
    const { source, bytes, sha256, claims, stoppable, receivedAtMs } = arrival;
    const { owner, sessionId, profile, origin } = source;
    const { reason } = finding;
    const found: Classification =
      finding.kind === 'error'
        ? { kind: 'error', reason }
        : { kind: 'classified', code: finding.code, reason };
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
    return AgentEvent.take(id, taken, dispatch(found, stoppable, policy), review, this.#transition());
  }

  /**
   * Tries again while the store takes nothing and somebody waits; one whose outcome is unknown is found as known then.
   * What nobody waits for any more is sent again by its client, and is not written unless that is under way.
   */
  async #record(state: AgentEventState, patience: Patience): Promise<RecordOutcome> {
    const { records, timers } = this.#deps;
    patience.mark = state.mark;
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

/** A store that cannot tell whether an event is known tells it when that is to be recorded, for which it is asked again. */
function unlessAway(error: unknown): undefined {
  if (!(error instanceof PortError)) throw error;
}
