import { eventCursor } from '../../../domain/control/agent-event-id.ts';
import type { AgentEventState, ReviewStatus } from '../../../domain/control/agent-event-state.ts';
import type { AgentEventStore } from '../../ports/control/agent-event-store.ts';
import { type EventPage, readEventPage } from '../event-pages.ts';
import { findReview } from './find-review.ts';

/** Reads what persons were asked, and what they decided. */
export class ReadReviews {
  readonly #deps: { readonly store: AgentEventStore };

  constructor(deps: { readonly store: AgentEventStore }) {
    this.#deps = deps;
  }

  /** Newest first. @throws DomainError `request.invalid` for a cursor that is none; PortError of the store. */
  execute(command: {
    readonly status?: ReviewStatus;
    readonly after?: string;
    readonly limit: number;
  }): Promise<EventPage> {
    const { status, after, limit } = command;
    return readEventPage(this.#deps.store, {
      reviewed: status === undefined ? {} : { status },
      order: 'newest-first',
      ...(after === undefined ? {} : { after: eventCursor(after) }),
      limit,
    });
  }

  /** @throws DomainError `review.not_found`; PortError of the store. */
  one(reviewId: string): Promise<AgentEventState> {
    return findReview(this.#deps.store, reviewId);
  }
}
