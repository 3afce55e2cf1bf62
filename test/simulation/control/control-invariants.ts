import { isMainHolder } from '../../../src/application/control/held-route.ts';
import type { AgentEventState } from '../../../src/domain/control/agent-event-state.ts';
import { nameWithin, type SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import type { Holder, SubscriberState } from '../../../src/domain/multiplexing/subscriber-state.ts';
import type { JournalOfRun } from '../world/journal-of-run.ts';

/** What holds of agents, their sessions and the decisions about what they do, however a run goes. */
export class ControlInvariants {
  readonly #journal: JournalOfRun;
  /** What the directory has of each session, as it was written last. */
  readonly #routes = new Map<string, SubscriberState>();
  /** Whose each session id has been, one after the other. */
  readonly #owners = new Map<string, string[]>();
  /** What was told of a review's decision: it never changes. */
  readonly #decisions = new Map<string, string>();
  /** Decisions whose persons were told that theirs is the decision. */
  readonly #taken = new Map<string, string>();

  constructor(journal: JournalOfRun) {
    this.#journal = journal;
  }

  /**
   * The directory has another state of a session. Whose it is changes by nothing but a release, and the end of its lease.
   *
   * @param isLoggedIn whether somebody is, at the node of a holder, who gets what has no other connection.
   */
  routeWritten(next: SubscriberState, isLoggedIn: (holder: Holder) => boolean, nowMs: number): void {
    const sessionId = nameWithin(next.id);
    const before = this.#routes.get(sessionId);
    this.#routes.set(sessionId, next);
    if (before === undefined) {
      this.#owners.set(sessionId, [...(this.#owners.get(sessionId) ?? []), next.owner]);
      return;
    }
    const { leaseEndsAtMs = Number.POSITIVE_INFINITY } = before;
    this.#journal.expect(
      before.owner === next.owner || leaseEndsAtMs <= nowMs,
      () => `${sessionId} went from ${before.owner} to ${next.owner}`,
    );
    this.#journal.expect(next.epoch >= before.epoch, () => `the epoch of ${sessionId} fell to ${next.epoch}`);
    if (before.owner !== next.owner) this.#owners.get(sessionId)?.push(next.owner);
    const stay = new Set(next.holders.map(({ connection }) => connection));
    for (const holder of before.holders) {
      this.#journal.expect(
        stay.has(holder.connection) || !isMainHolder(holder.connection) || !isLoggedIn(holder),
        () => `${next.owner} is logged in to ${sessionId} at ${holder.node}, which holds it no more`,
      );
    }
  }

  /** An operator has taken a session from its owner. */
  routeRemoved(id: SubscriberId): void {
    this.#routes.delete(nameWithin(id));
  }

  /** What the directory still has when leases were looked at. */
  routesExpired(left: ReadonlySet<SubscriberId>, nowMs: number): void {
    for (const [sessionId, { id, leaseEndsAtMs = Number.POSITIVE_INFINITY }] of this.#routes) {
      if (left.has(id)) continue;
      this.#routes.delete(sessionId);
      this.#journal.expect(leaseEndsAtMs <= nowMs, () => `${sessionId} was swept away before its time`);
    }
  }

  /** Counts the owners that a session has had. */
  changesOf(sessionId: string): number {
    return this.#owners.get(sessionId)?.length ?? 0;
  }

  /** An owner's connection was let in to a session. `since`: what `changesOf` said when it asked. */
  letIn(owner: string, sessionId: string, since: number): void {
    // It may have been taken from him again on the way.
    const owners = (this.#owners.get(sessionId) ?? []).slice(Math.max(0, since - 1));
    this.#journal.expect(
      owners.includes(owner),
      () => `${owner} was let in to ${sessionId}, which is ${owners.at(-1)}'s`,
    );
  }

  /** A verdict is on its way to a connection of an owner's. */
  told(owner: string, sessionId: string, state: AgentEventState): void {
    const journal = this.#journal;
    const what = `the verdict on ${state.owner}'s ${state.claims.eventId}`;
    journal.expect(state.owner === owner, () => `${what} went to ${owner}`);
    const isKnown = this.#owners.get(sessionId)?.includes(owner) === true;
    journal.expect(isKnown, () => `${what} went to who has never had the session`);
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
