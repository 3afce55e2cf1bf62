import type { AgentEventState, ReviewState } from '../../domain/control/agent-event-state.ts';
import type { StorePicture } from '../ports/store-inspection.ts';
import type { Findings } from './findings.ts';

/** A server that takes events for this long, in milliseconds, has ended every review whose time had come before. */
const ENDED_WITHIN_MS = 600_000;

/** Proves that agents' events, the verdicts on them and what became of these go together, and that no review is forgotten. */
export async function checkAgentEvents(picture: StorePicture, findings: Findings): Promise<void> {
  const deadlines = new Deadlines();
  for await (const rows of findings.readable('agent_events', picture.agentEvents())) {
    for (const { row, value } of rows) {
      findings.examine(row, () => checkEvent(value, row, findings));
      deadlines.look(value, row);
    }
  }
  for (const row of deadlines.forgotten()) {
    findings.expect(false, 'review.deadline', row, () => 'its review has waited long after its deadline');
  }
  if (picture.listedAgentEvents === undefined) return;
  // Reading them is the check: what each is to be in step with is the store's own.
  for await (const _ of findings.readable('agent_event_lists', picture.listedAgentEvents()));
}

function checkEvent(own: AgentEventState, row: string, findings: Findings): void {
  const { delivery, review, dueSinceMs, found, verdict } = own;
  const asks = review?.status === 'pending';
  findings.expect(
    asks === (delivery === 'waiting') &&
      (delivery === 'waiting' || delivery === 'none') === (dueSinceMs === undefined),
    'event.delivery',
    row,
    () =>
      `it is ${delivery}, ${dueSinceMs === undefined ? 'due since no time' : `due since ${dueSinceMs}`}, and its review is ${review?.status ?? 'none'}`,
  );
  const status = found.kind === 'error' ? 'error' : 'ok';
  findings.expect(
    verdict.status === status,
    'event.verdict',
    row,
    () => `its verdict says ${verdict.status} of what was found ${status}`,
  );
  if (review !== undefined) checkReview(review, own, row, findings);
}

function checkReview(
  review: ReviewState,
  { verdict }: AgentEventState,
  row: string,
  findings: Findings,
): void {
  const { status, resolvedAtMs } = review;
  findings.expect(
    (status === 'pending') === (resolvedAtMs === undefined),
    'review.resolution',
    row,
    () => `its review is ${status} and was resolved at ${resolvedAtMs ?? 'no time'}`,
  );
  if (status === 'pending') return;
  findings.expect(
    verdict.continueExecution === (status === 'approved'),
    'review.verdict',
    row,
    () => `its review is ${status} and its verdict says to ${verdict.continueExecution ? 'go on' : 'halt'}`,
  );
}

/**
 * Which reviews are pending although somebody has served the store long enough after their deadlines: events that came
 * then tell of it. In a store that nobody serves reviews may wait.
 */
class Deadlines {
  /** In the order in which they were asked. */
  readonly #pending: Array<{ readonly row: string; readonly deadlineAtMs: number; servedFromMs?: number }> =
    [];
  /** How many of them have a time from which on somebody served. */
  #seen = 0;
  #lastMs = 0;

  look({ receivedAtMs, review }: AgentEventState, row: string): void {
    this.#lastMs = Math.max(this.#lastMs, receivedAtMs);
    for (let next = this.#pending[this.#seen]; next !== undefined; next = this.#pending[this.#seen]) {
      if (next.deadlineAtMs >= receivedAtMs) break;
      next.servedFromMs = receivedAtMs;
      this.#seen += 1;
    }
    if (review?.status === 'pending') this.#pending.push({ row, deadlineAtMs: review.deadlineAtMs });
  }

  forgotten(): string[] {
    return this.#pending
      .filter(({ servedFromMs = Infinity }) => this.#lastMs - servedFromMs > ENDED_WITHIN_MS)
      .map(({ row }) => row);
  }
}
