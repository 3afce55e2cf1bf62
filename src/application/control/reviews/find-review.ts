import { isReviewId } from '../../../domain/control/agent-event-id.ts';
import type { AgentEventState } from '../../../domain/control/agent-event-state.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import type { AgentEventStore } from '../../ports/control/agent-event-store.ts';

/**
 * The event that a person is or was asked about.
 *
 * @throws DomainError `review.not_found`; PortError of the store.
 */
export async function findReview(
  store: Pick<AgentEventStore, 'findByReview'>,
  reviewId: string,
): Promise<AgentEventState> {
  const found = isReviewId(reviewId) ? await store.findByReview(reviewId) : undefined;
  if (found === undefined) throw new DomainError('review.not_found', 'There is no such review');
  return found;
}
