import { DomainError } from '../domain-error.ts';
import { invariant } from '../invariant.ts';
import type { SubscriberOwner } from '../multiplexing/subscriber-owner.ts';
import type {
  AgentEventId,
  AgentEventState,
  EventClaims,
  EventOrigin,
  ReviewId,
  ReviewState,
  ReviewStatus,
} from './agent-event-state.ts';
import type { ControlPolicy } from './control-policy.ts';
import { type Classification, type Dispatch, decided } from './dispatch.ts';

/** What every transition is given: the time, and the name of the state that comes of it. */
export interface EventTransition {
  readonly nowMs: number;
  readonly mark: string;
}

/** An event that has been classified and is to be kept. */
export interface TakenEvent {
  readonly owner: SubscriberOwner;
  readonly sessionId: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly claims: EventClaims;
  readonly profile?: string;
  readonly origin: EventOrigin;
  readonly receivedAtMs: number;
  readonly found: Classification;
  readonly rule?: string;
}

/** How a person, or the end of his time, decides. */
export interface Resolution {
  readonly decision: 'approved' | 'rejected' | 'expired';
  /** The reviewer's user id; absent where the server decides. */
  readonly by?: string;
  readonly comment?: string;
  /** The policy that holds for the agent now. */
  readonly policy: ControlPolicy;
}

/** What a review begins with. */
export interface ReviewStart {
  readonly id: ReviewId;
  readonly deadlineMs: number;
}

/**
 * An agent's event from the moment that it is classified: the verdict on it, the person's decision where one is asked,
 * and how far the answer is on its way. Immutable: every transition returns a new one, which is stored only if the store
 * still has the one that it came from.
 */
export class AgentEvent {
  readonly #state: AgentEventState;

  private constructor(state: AgentEventState) {
    this.#state = state;
  }

  /** Takes an event as the policy says. `review` tells what a question to a person begins with, and is asked only then. */
  static take(
    id: AgentEventId,
    taken: TakenEvent,
    what: Dispatch,
    review: () => ReviewStart,
    to: EventTransition,
  ): AgentEvent {
    const state = { ...taken, id, mark: to.mark, verdict: what.verdict };
    if (what.kind === 'store') return new AgentEvent({ ...state, delivery: 'none' });
    if (what.kind === 'send') return new AgentEvent({ ...state, delivery: 'due', dueSinceMs: to.nowMs });
    const { id: reviewId, deadlineMs } = review();
    const asked: ReviewState = {
      id: reviewId,
      status: 'pending',
      reason: what.reason,
      createdAtMs: to.nowMs,
      deadlineAtMs: to.nowMs + deadlineMs,
    };
    return new AgentEvent({ ...state, delivery: 'waiting', review: asked });
  }

  /** Takes a stored state back as it is. */
  static restore(state: AgentEventState): AgentEvent {
    return new AgentEvent(state);
  }

  /** The state as plain data, for mappers, workers and comparisons. */
  snapshot(): AgentEventState {
    return this.#state;
  }

  /** The owner has as many questions open as he may have: this one is answered no at once. */
  refuseReview(policy: ControlPolicy, to: EventTransition): AgentEvent {
    const { review } = this.#state;
    invariant(review !== undefined, 'only what is asked can be refused');
    const refused = new AgentEvent({ ...this.#state, review: { ...review, reason: 'too_many_reviews' } });
    return refused.resolve({ decision: 'rejected', policy }, to);
  }

  /**
   * Decides what was asked. The answer is due from now on.
   *
   * @throws DomainError `review.not_found` when nobody was asked, `review.already_resolved` when somebody has decided.
   */
  resolve({ decision, by, comment, policy }: Resolution, to: EventTransition): AgentEvent {
    const { review, found } = this.#state;
    if (review === undefined) throw new DomainError('review.not_found', 'There is no such review');
    if (review.status !== 'pending') throw alreadyResolved(review.status);
    const code = found.kind === 'classified' ? found.code : undefined;
    const resolved: ReviewState = {
      ...review,
      status: decision,
      resolvedAtMs: to.nowMs,
      ...(by === undefined ? {} : { resolvedBy: by }),
      ...(comment === undefined ? {} : { comment }),
    };
    return this.#with({ review: resolved, verdict: decided(decision, code, policy), ...due(to) }, to);
  }

  /** Whether a person has not decided in time. */
  isOverdueAt(nowMs: number): boolean {
    const { review } = this.#state;
    return review?.status === 'pending' && nowMs >= review.deadlineAtMs;
  }

  /**
   * The same bytes came again: whoever sent them gets the answer now, or once there is one. In a mode that answers
   * nobody it stays as it is. Undefined when nothing changes.
   */
  resent(origin: EventOrigin, policy: ControlPolicy, to: EventTransition): AgentEvent | undefined {
    if (this.#state.delivery === 'waiting') return this.#with({ origin }, to);
    return policy.mode === 'alert' ? undefined : this.#with({ origin, ...due(to) }, to);
  }

  /** The connection that it came by has gone: the session's main subscriber gets the answer. Undefined when another has it. */
  orphaned(connection: string, to: EventTransition): AgentEvent | undefined {
    const { origin, ...rest } = this.#state;
    if (origin?.connection !== connection) return undefined;
    return new AgentEvent({ ...rest, mark: to.mark });
  }

  #with(changes: Partial<AgentEventState>, { mark }: EventTransition): AgentEvent {
    invariant(mark !== this.#state.mark, 'every state has a mark of its own');
    return new AgentEvent({ ...this.#state, ...changes, mark });
  }
}

/** The refusal of a decision about what has been decided, with what was. */
export const alreadyResolved = (reviewStatus: ReviewStatus): DomainError =>
  new DomainError('review.already_resolved', 'review already resolved', { visible: { reviewStatus } });

const due = ({ nowMs }: EventTransition): Pick<AgentEventState, 'delivery' | 'dueSinceMs'> => ({
  delivery: 'due',
  dueSinceMs: nowMs,
});
