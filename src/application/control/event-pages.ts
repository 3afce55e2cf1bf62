import type { AgentEventState } from '../../domain/control/agent-event-state.ts';
import type { AgentEventStore, EventQuery } from '../ports/control/agent-event-store.ts';

/** Most bytes of the events of one page, unless the first one alone has more. */
export const PAGE_BYTES = 2_097_152;

/** A page of events. */
export interface EventPage {
  readonly events: readonly AgentEventState[];
  /** The cursor of the next page; undefined when this is the last. */
  readonly next?: string;
}

/** Reads a page, and whether there is more: a page that is short may have ended by its bytes. */
export async function readEventPage(
  store: AgentEventStore,
  query: Omit<EventQuery, 'maxBytes'>,
): Promise<EventPage> {
  const found = await store.list({ ...query, limit: query.limit + 1, maxBytes: PAGE_BYTES });
  const events = found.slice(0, query.limit);
  const last = events.at(-1);
  if (last === undefined) return { events };
  const isMore =
    found.length > query.limit ||
    (await store.list({ ...query, after: last.id, limit: 1, maxBytes: 0 })).length > 0;
  return { events, ...(isMore ? { next: last.id } : {}) };
}
