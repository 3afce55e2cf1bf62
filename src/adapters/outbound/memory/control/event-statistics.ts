import type { EventStatistics } from '../../../../application/ports/control/agent-event-store.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';

/** Counts over states. */
export function statisticsOf(states: readonly AgentEventState[]): EventStatistics {
  const byCode = new Map<string, number>();
  const reviews = { pending: 0, approved: 0, rejected: 0, expired: 0 };
  const sessions = new Set<string>();
  let due = 0;
  for (const { found, review, delivery, owner, sessionId } of states) {
    const code = found.kind === 'classified' ? found.code : '';
    byCode.set(code, (byCode.get(code) ?? 0) + 1);
    if (review !== undefined) reviews[review.status] += 1;
    if (delivery === 'due') due += 1;
    sessions.add(JSON.stringify([owner, sessionId]));
  }
  return { events: states.length, byCode: Object.fromEntries(byCode), reviews, due, sessions: sessions.size };
}
