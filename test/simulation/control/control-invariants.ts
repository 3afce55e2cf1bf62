import type { AgentEventState } from '../../../src/domain/control/agent-event-state.ts';
import type { JournalOfRun } from '../world/journal-of-run.ts';

/** What holds of agents, their sessions and the decisions about what they do, however a run goes. */
export class ControlInvariants {
  readonly #journal: JournalOfRun;
  /** Whose each session id has been from its first login on; leases outlive every run. */
  readonly #owners = new Map<string, string>();
  /** What was told of a review's decision: it never changes. */
  readonly #decisions = new Map<string, string>();
  /** Decisions whose persons were told that theirs is the decision. */
  readonly #taken = new Map<string, string>();

  constructor(journal: JournalOfRun) {
    this.#journal = journal;
  }

  /** An owner's connection was let in to a session. */
  letIn(owner: string, sessionId: string): void {
    const first = this.#owners.get(sessionId) ?? owner;
    this.#owners.set(sessionId, first);
    this.#journal.expect(first === owner, () => `${owner} was let in to ${sessionId}, which is ${first}'s`);
  }

  /** A verdict is on its way to a connection of an owner's. */
  told(owner: string, sessionId: string, state: AgentEventState): void {
    const { journal } = { journal: this.#journal };
    const what = `the verdict on ${state.owner}'s ${state.claims.eventId}`;
    journal.expect(state.owner === owner, () => `${what} went to ${owner}`);
    journal.expect(this.#owners.get(sessionId) === owner, () => `${what} went to who has no session`);
    journal.expect(state.delivery !== 'waiting', () => `${what} came before a person had decided`);
    const { review, verdict } = state;
    if (review === undefined) return;
    const isYes = review.status === 'approved';
    journal.expect(verdict.continueExecution === isYes, () => `${what} is not what was decided`);
    this.#decided(review.id, review.status);
  }

  /** A person was told that his decision is the one. */
  taken(reviewId: string, decision: string): void {
    const before = this.#taken.get(reviewId);
    this.#taken.set(reviewId, decision);
    this.#journal.expect(before === undefined, () => `${reviewId} was decided twice: ${before}, ${decision}`);
    this.#decided(reviewId, decision);
  }

  #decided(reviewId: string, decision: string): void {
    const before = this.#decisions.get(reviewId) ?? decision;
    this.#decisions.set(reviewId, before);
    this.#journal.expect(before === decision, () => `${reviewId} was ${before}, and is ${decision}`);
  }
}
