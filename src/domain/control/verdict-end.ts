import type { AgentEventState } from './agent-event-state.ts';

/** How the way of a verdict ends without anybody deciding anything. Stores write it by themselves, for many at once. */
export type VerdictEnd = 'delivered' | 'lapsed';

/** The mark of a due state after its end. Only what is due ends, and what becomes due again has a mark of its own. */
export const endedMark = (mark: string, end: VerdictEnd): string => `${mark}.${end}`;

/** A due state after its end; `dueSinceMs` stays, and says since when it was. */
export const ended = (state: AgentEventState, end: VerdictEnd): AgentEventState => ({
  ...state,
  mark: endedMark(state.mark, end),
  delivery: end,
});
