import { expect } from 'chai';
import type { AgentEventStore, EventQuery } from '../../src/application/ports/control/agent-event-store.ts';
import type { AgentEventState } from '../../src/domain/control/agent-event-state.ts';
import type { MadCode } from '../../src/domain/control/mad-code.ts';
import {
  agent,
  anAgentEvent,
  anAskingEvent,
  eventIdOf,
  resolvedEvent,
} from '../support/agent-event-builders.ts';
import { T0 } from '../support/ledger-builders.ts';

const ROOM = { maxPendingReviews: 100 };

/** How an `AgentEventStore` shows and counts what it keeps. */
export function describeEventLists(events: () => AgentEventStore): void {
  const numbersOf = (states: readonly AgentEventState[]): number[] =>
    states.map(({ receivedAtMs }) => receivedAtMs - T0);
  const listed = async (query: Partial<EventQuery>): Promise<number[]> =>
    numbersOf(await events().list({ order: 'newest-first', limit: 9, maxBytes: 1_000_000, ...query }));

  it('lists in pages, newest or oldest first', async () => {
    await events().record(
      [4, 2, 1, 5, 3].map((number) => anAgentEvent(number)),
      ROOM,
    );
    expect(await listed({})).to.deep.equal([5, 4, 3, 2, 1]);
    expect(await listed({ limit: 2 })).to.deep.equal([5, 4]);
    expect(await listed({ limit: 2, after: eventIdOf(4) })).to.deep.equal([3, 2]);
    expect(await listed({ limit: 2, after: eventIdOf(1) })).to.deep.equal([]);
    expect(await listed({ order: 'oldest-first', limit: 2 })).to.deep.equal([1, 2]);
    expect(await listed({ order: 'oldest-first', after: eventIdOf(2) })).to.deep.equal([3, 4, 5]);
    expect(await listed({ limit: 0 })).to.deep.equal([]);
    expect(await events().list({ order: 'newest-first', limit: 1, maxBytes: 100 })).to.deep.equal([
      anAgentEvent(5),
    ]);
  });

  it('lists of one owner, one session, one agent, or of all of these', async () => {
    await events().record(
      [
        anAgentEvent(1),
        anAgentEvent(2, { owner: agent(2) }),
        anAgentEvent(3, { sessionId: 'sess-2' }),
        anAgentEvent(4, { claims: { agentId: 'day-watch' } }),
        anAgentEvent(5, { owner: agent(2), claims: { agentId: 'day-watch' } }),
      ],
      ROOM,
    );
    expect(await listed({ owner: agent(1) })).to.deep.equal([4, 3, 1]);
    expect(await listed({ sessionId: 'sess-1' })).to.deep.equal([5, 4, 2, 1]);
    expect(await listed({ agentId: 'day-watch' })).to.deep.equal([5, 4]);
    expect(await listed({ owner: agent(1), sessionId: 'sess-1', order: 'oldest-first' })).to.deep.equal([
      1, 4,
    ]);
    expect(await listed({ owner: agent(1), sessionId: 'sess-1', agentId: 'day-watch' })).to.deep.equal([4]);
    expect(await listed({ owner: agent(1), after: eventIdOf(4), limit: 1 })).to.deep.equal([3]);
    expect(await listed({ owner: agent(3) })).to.deep.equal([]);
  });

  it('lists those about which a person was asked, by outcome', async () => {
    const asking = [1, 2, 3, 4].map((number) => anAskingEvent(number));
    await events().record([...asking, anAgentEvent(5)], ROOM);
    const [first, second, third] = asking as [AgentEventState, AgentEventState, AgentEventState];
    await events().put(resolvedEvent(first, 'approved'), first.mark);
    await events().put(resolvedEvent(second, 'rejected'), second.mark);
    await events().put(resolvedEvent(third, 'expired'), third.mark);
    expect(await listed({ reviewed: {} })).to.deep.equal([4, 3, 2, 1]);
    expect(await listed({ reviewed: { status: 'pending' } })).to.deep.equal([4]);
    expect(await listed({ reviewed: { status: 'approved' } })).to.deep.equal([1]);
    expect(await listed({ reviewed: { status: 'rejected' } })).to.deep.equal([2]);
    expect(await listed({ reviewed: { status: 'expired' }, sessionId: 'sess-1' })).to.deep.equal([3]);
    expect(await listed({ reviewed: {}, after: eventIdOf(3), limit: 1 })).to.deep.equal([2]);
    expect(await listed({ reviewed: {}, owner: agent(2) })).to.deep.equal([]);
  });

  it('ends a page before its bytes become too many, and never without one', async () => {
    await events().record(
      [1, 2, 3, 4].map((number) => anAgentEvent(number, { bytes: new Uint8Array(1_000).fill(number) })),
      ROOM,
    );
    expect(await listed({ maxBytes: 2_999 })).to.deep.equal([4, 3]);
    expect(await listed({ maxBytes: 3_000 })).to.deep.equal([4, 3, 2]);
    expect(await listed({ maxBytes: 3_000, limit: 1 })).to.deep.equal([4]);
    expect(await listed({ maxBytes: 1, after: eventIdOf(4) })).to.deep.equal([3]);
    expect(await listed({ maxBytes: 1, after: eventIdOf(1) })).to.deep.equal([]);
  });

  it('counts what came since then', async () => {
    const found = (code: string) => ({ kind: 'classified', code: code as MadCode, reason: '' }) as const;
    expect(await events().statistics(T0)).to.deep.equal({
      events: 0,
      byCode: {},
      reviews: { pending: 0, approved: 0, rejected: 0, expired: 0 },
      due: 0,
      sessions: 0,
    });
    const asking = [5, 6, 7].map((number) => anAskingEvent(number));
    await events().record(
      [
        anAgentEvent(1),
        anAgentEvent(2, { found: found('M0') }),
        anAgentEvent(3, { found: found('M3.b'), owner: agent(2) }),
        anAgentEvent(4, { found: { kind: 'error', reason: 'too slow' }, sessionId: 'sess-2' }),
        ...asking,
        anAgentEvent(8, { mode: 'alert' }),
      ],
      ROOM,
    );
    const [first, second] = asking as [AgentEventState, AgentEventState];
    await events().put(resolvedEvent(first, 'rejected'), first.mark);
    await events().put(resolvedEvent(second, 'expired'), second.mark);
    await events().delivered([{ id: eventIdOf(2), mark: 'taken-2' }]);
    expect(await events().statistics(T0 + 2)).to.deep.equal({
      events: 7,
      byCode: { M0: 1, 'M3.b': 1, '': 1, 'M4.a': 4 },
      reviews: { pending: 1, approved: 0, rejected: 1, expired: 1 },
      due: 4,
      sessions: 3,
    });
    expect((await events().statistics(T0 + 8)).byCode).to.deep.equal({ 'M4.a': 1 });
  });

  it('counts the reviews that wait for a person, of all owners and however long they have waited', async () => {
    expect(await events().pendingReviews()).to.equal(0);
    const [first, ...others] = [1, 2, 3].map((number) => anAskingEvent(number, { owner: agent(number) }));
    if (first === undefined) throw new Error('there is none');
    await events().record([first, ...others, anAgentEvent(4)], ROOM);
    expect(await events().pendingReviews()).to.equal(3);
    await events().put(resolvedEvent(first, 'approved'), first.mark);
    expect(await events().pendingReviews()).to.equal(2);
  });
}
