import type { Collection } from 'mongodb';
import type { EventStatistics } from '../../../../application/ports/control/agent-event-store.ts';
import { earliestEventId } from '../../../../domain/control/agent-event-id.ts';
import type { Delivery, ReviewStatus } from '../../../../domain/control/agent-event-state.ts';
import type { AgentEventDocument } from './control-documents.ts';

/** Events that are alike in what is counted. */
interface Group {
  readonly _id: {
    readonly code?: string | null;
    readonly delivery: Delivery;
    readonly review?: ReviewStatus | null;
  };
  readonly events: number;
}

/** Counts over the events that came since then; the server counts them. @throws MongoError. */
export async function countEvents(
  events: Collection<AgentEventDocument>,
  sinceMs: number,
): Promise<EventStatistics> {
  const since = { $match: { id: { $gte: earliestEventId(sinceMs) } } };
  const alike = { code: '$found.code', delivery: '$delivery', review: '$review.status' };
  const groups = await events
    .aggregate<Group>([since, { $group: { _id: alike, events: { $sum: 1 } } }])
    .toArray();
  const [sessions] = await events
    .aggregate<{ readonly sessions: number }>([
      since,
      { $group: { _id: { owner: '$owner', sessionId: '$sessionId' } } },
      { $count: 'sessions' },
    ])
    .toArray();
  const byCode = new Map<string, number>();
  const reviews = { pending: 0, approved: 0, rejected: 0, expired: 0 };
  let [all, due] = [0, 0];
  for (const { _id, events: count } of groups) {
    const code = _id.code ?? '';
    byCode.set(code, (byCode.get(code) ?? 0) + count);
    if (_id.review != null) reviews[_id.review] += count;
    if (_id.delivery === 'due') due += count;
    all += count;
  }
  return {
    events: all,
    byCode: Object.fromEntries(byCode),
    reviews,
    due,
    sessions: sessions?.sessions ?? 0,
  };
}
