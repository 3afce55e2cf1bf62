import { expect } from 'chai';
import type { AuditLog } from '../../src/application/ports/audit-log.ts';
import type {
  AgentEventStore,
  RecordOutcome,
} from '../../src/application/ports/control/agent-event-store.ts';
import type { AuditRecord } from '../../src/domain/audit/audit-record.ts';
import { AgentEvent } from '../../src/domain/control/agent-event.ts';
import type { AgentEventState } from '../../src/domain/control/agent-event-state.ts';
import { ended } from '../../src/domain/control/verdict-end.ts';
import {
  agent,
  anAgentEvent,
  anAskingEvent,
  eventIdOf,
  orphanedEvent,
  policyIn,
  resolvedEvent,
  reviewIdOf,
} from '../support/agent-event-builders.ts';
import { T0 } from '../support/ledger-builders.ts';
import { describeEventLists } from './agent-event-store-lists.ts';
import { describeEventRaces } from './agent-event-store-races.ts';

/** A store under test, another on the same data where there is such a thing, and the acts stored with writes. */
export interface EventsUnderTest {
  readonly events: AgentEventStore;
  readonly another?: AgentEventStore;
  readonly acts: () => Promise<readonly string[]>;
}

/** More open questions than anybody has here. */
const ROOM = { maxPendingReviews: 100 };
const act = (name: string): AuditRecord => ({ act: `control.${name}`, outcome: 'done' });

/** The acts of an audit log that agents' events and policies have. */
export const controlActsOf = async (log: AuditLog): Promise<string[]> =>
  (await log.read({ afterCursor: 0, limit: 1_000 }))
    .map(({ text }) => (JSON.parse(text) as AuditRecord).act)
    .filter((name) => name.startsWith('control.'));

/** The behaviour of every `AgentEventStore`. */
export function describeAgentEventStore(name: string, create: () => Promise<EventsUnderTest>): void {
  describe(`${name} as an AgentEventStore`, () => {
    let subject: EventsUnderTest;
    beforeEach(async () => {
      subject = await create();
    });
    const events = (): AgentEventStore => subject.events;

    describeKeeping(events);
    describeIdentity(events);
    describeBound(events);
    describeChanging(() => subject);
    describeWays(events);
    describeEnds(events);
    describeEventLists(events);
    describeEventRaces(events, () => subject.another ?? subject.events);
  });
}

const kindsOf = (outcomes: readonly RecordOutcome[]): string[] => outcomes.map(({ kind }) => kind);
const idsOf = (states: readonly AgentEventState[]): string[] => states.map(({ id }) => id);

function describeKeeping(events: () => AgentEventStore): void {
  it('keeps each event whole, whatever of it is there', async () => {
    const { origin: _gone, profile: _none, rule: _no, ...bare } = anAgentEvent(4, { mode: 'alert' });
    const odd = {
      runId: '\u0000$a.b',
      agentId: '🦀 '.repeat(9),
      eventId: '\'"\\',
      sessionId: '',
      pairType: 'unspecified',
    } as const;
    const kept = [
      anAgentEvent(1),
      anAskingEvent(2, { claims: odd, sessionId: '$sess\u0000.1' }),
      anAgentEvent(3, { found: { kind: 'error', reason: 'It took too long.' }, bytes: new Uint8Array() }),
      bare,
      resolvedEvent(anAskingEvent(5)),
      orphanedEvent(anAskingEvent(6)),
      anAgentEvent(7, { bytes: new Uint8Array(300_000).map((_, index) => index % 251) }),
    ];
    const outcomes = await events().record(kept, ROOM);
    expect(outcomes).to.deep.equal(kept.map(() => ({ kind: 'recorded', isVariant: false })));
    for (const state of kept) expect(await events().find(state.id)).to.deep.equal(state);
    expect(await events().find(eventIdOf(9))).to.equal(undefined);
    expect(await events().record([], ROOM)).to.deep.equal([]);
  });

  it('finds an event by its review', async () => {
    const asking = anAskingEvent(1);
    await events().record([asking, anAgentEvent(2)], ROOM);
    expect(await events().findByReview(reviewIdOf(1))).to.deep.equal(asking);
    expect(await events().findByReview(reviewIdOf(2)), 'of one that asks nobody').to.equal(undefined);
    await events().put(resolvedEvent(asking), asking.mark);
    expect(await events().findByReview(reviewIdOf(1)), 'once decided').to.deep.equal(resolvedEvent(asking));
  });

  it('finds the newest that a client gave an id, of one owner or of any', async () => {
    const claims = { eventId: 'step-1' };
    await events().record(
      [1, 2, 3].map((number) => anAgentEvent(number, { claims, owner: agent(number === 3 ? 2 : 1) })),
      ROOM,
    );
    expect((await events().findNewest('step-1'))?.id).to.equal(eventIdOf(3));
    expect((await events().findNewest('step-1', agent(1)))?.id).to.equal(eventIdOf(2));
    expect(await events().findNewest('step-1', agent(3))).to.equal(undefined);
    expect(await events().findNewest('step-2')).to.equal(undefined);
  });
}

function describeIdentity(events: () => AgentEventStore): void {
  it('keeps the same bytes under the same id once, and says what is there', async () => {
    const first = anAskingEvent(1);
    await events().record([first], ROOM);
    const again = { ...anAgentEvent(2), claims: first.claims, sha256: first.sha256 };
    expect(await events().record([again], ROOM)).to.deep.equal([{ kind: 'known', state: first }]);
    expect(await events().find(again.id)).to.equal(undefined);
    const resolved = resolvedEvent(first);
    await events().put(resolved, first.mark);
    expect(await events().record([again], ROOM)).to.deep.equal([{ kind: 'known', state: resolved }]);
  });

  it('tells one of several in the same call from another', async () => {
    const [first, third] = [anAgentEvent(1), anAgentEvent(3)];
    const again = { ...anAgentEvent(2), claims: first.claims, sha256: first.sha256 };
    expect(await events().record([first, again, third], ROOM)).to.deep.equal([
      { kind: 'recorded', isVariant: false },
      { kind: 'known', state: first },
      { kind: 'recorded', isVariant: false },
    ]);
  });

  it('takes other bytes under the same id for another event, and says so', async () => {
    const claims = { eventId: 'step-1' };
    const variants = [1, 2, 3].map((number) => anAgentEvent(number, { claims }));
    expect(await events().record(variants.slice(0, 2), ROOM)).to.deep.equal([
      { kind: 'recorded', isVariant: false },
      { kind: 'recorded', isVariant: true },
    ]);
    expect(await events().record(variants.slice(2), ROOM)).to.deep.equal([
      { kind: 'recorded', isVariant: true },
    ]);
    for (const { owner, sha256, id } of variants) {
      expect((await events().findSame({ owner, eventId: 'step-1', sha256 }))?.id).to.equal(id);
    }
  });

  it("neither answers from nor merges with another owner's event of the same id and bytes", async () => {
    const own = anAskingEvent(1);
    const foreign = { ...anAskingEvent(2, { owner: agent(2) }), claims: own.claims, sha256: own.sha256 };
    await events().record([own], ROOM);
    const identity = { eventId: own.claims.eventId, sha256: own.sha256 };
    expect(await events().findSame({ ...identity, owner: agent(2) })).to.equal(undefined);
    expect(await events().record([foreign], ROOM)).to.deep.equal([{ kind: 'recorded', isVariant: false }]);
    await events().put(resolvedEvent(own), own.mark);
    expect(await events().findSame({ ...identity, owner: agent(2) })).to.deep.equal(foreign);
    expect(await events().findSame({ ...identity, owner: agent(1) })).to.deep.equal(resolvedEvent(own));
  });
}

function describeBound(events: () => AgentEventStore): void {
  const TWO = { maxPendingReviews: 2 };

  it('refuses the question that is one too many for its owner, and nothing else', async () => {
    const outcomes = await events().record(
      [
        anAskingEvent(1),
        anAskingEvent(2),
        anAskingEvent(3),
        anAgentEvent(4),
        anAskingEvent(5, { owner: agent(2) }),
      ],
      TWO,
    );
    expect(kindsOf(outcomes)).to.deep.equal(['recorded', 'recorded', 'reviews-full', 'recorded', 'recorded']);
    expect(await events().find(eventIdOf(3))).to.equal(undefined);
    expect(await events().findByReview(reviewIdOf(3))).to.equal(undefined);
    const refused = AgentEvent.restore(anAskingEvent(3)).refuseReview(policyIn('hitl'), {
      nowMs: T0 + 3,
      mark: 'refused',
    });
    expect(kindsOf(await events().record([refused.snapshot()], TWO)), 'one that is answered').to.deep.equal([
      'recorded',
    ]);
  });

  it('answers what it knows although the owner has as many questions as he may', async () => {
    const asking = [anAskingEvent(1), anAskingEvent(2)];
    await events().record(asking, TWO);
    expect(kindsOf(await events().record(asking, TWO))).to.deep.equal(['known', 'known']);
    expect(kindsOf(await events().record([anAskingEvent(3)], TWO))).to.deep.equal(['reviews-full']);
  });

  it('lets an owner ask again once somebody has decided', async () => {
    const asking = [anAskingEvent(1), anAskingEvent(2)];
    await events().record(asking, TWO);
    const [first] = asking as [AgentEventState];
    await events().put(resolvedEvent(first), first.mark);
    expect(kindsOf(await events().record([anAskingEvent(3)], TWO))).to.deep.equal(['recorded']);
    expect(kindsOf(await events().record([anAskingEvent(4)], TWO))).to.deep.equal(['reviews-full']);
  });
}

function describeChanging(subject: () => EventsUnderTest): void {
  const events = (): AgentEventStore => subject().events;

  it('stores nothing over another state than the one that was seen, nor where there is none', async () => {
    const first = anAskingEvent(1);
    await events().record([first], ROOM);
    expect(await events().put(resolvedEvent(first), 'another')).to.equal('outdated');
    expect(await events().put(resolvedEvent(anAskingEvent(2)), 'taken-2')).to.equal('outdated');
    expect(await events().find(first.id)).to.deep.equal(first);
    expect(await events().find(eventIdOf(2))).to.equal(undefined);
    expect(await events().put(resolvedEvent(first), first.mark)).to.equal('stored');
    expect(await events().put(resolvedEvent(first, 'rejected'), first.mark)).to.equal('outdated');
    expect(await events().find(first.id)).to.deep.equal(resolvedEvent(first));
  });

  it('keeps nothing of what a state no longer has', async () => {
    const first = anAskingEvent(1);
    await events().record([first], ROOM);
    const orphan = orphanedEvent(first);
    expect(await events().put(orphan, first.mark)).to.equal('stored');
    expect(await events().find(first.id)).to.deep.equal(orphan);
    const back = AgentEvent.restore(orphan).resent(
      { node: 'node-2', connection: 'connection-2' },
      policyIn('hitl'),
      { nowMs: T0 + 5, mark: 'resent' },
    );
    await events().put(back?.snapshot() ?? orphan, orphan.mark);
    expect(await events().find(first.id)).to.deep.equal(back?.snapshot());
  });

  it('stores acts with what they tell of, and none of what was not done', async () => {
    const first = anAskingEvent(1);
    await events().record([first], ROOM);
    await events().put(resolvedEvent(first), 'another', [act('not-resolved')]);
    await events().put(resolvedEvent(first), first.mark, [act('resolved')]);
    await events().put(resolvedEvent(first, 'rejected'), first.mark, [act('resolved-twice')]);
    expect(await subject().acts()).to.deep.equal(['control.resolved']);
  });
}

function describeWays(events: () => AgentEventStore): void {
  const route = { owner: agent(1), sessionId: 'sess-1' };

  it('gives what is due to a session of an owner in the order in which it came', async () => {
    await events().record(
      [
        anAgentEvent(3),
        anAgentEvent(1),
        anAgentEvent(2, { mode: 'alert' }),
        anAskingEvent(4),
        anAgentEvent(5, { owner: agent(2) }),
        anAgentEvent(6, { sessionId: 'sess-2' }),
        orphanedEvent(anAgentEvent(7)),
      ],
      ROOM,
    );
    expect(idsOf(await events().due(route, 9))).to.deep.equal([1, 3, 7].map(eventIdOf));
    expect(await events().due(route, 1)).to.deep.equal([anAgentEvent(1)]);
    await events().put(resolvedEvent(anAskingEvent(4)), anAskingEvent(4).mark);
    expect(idsOf(await events().due(route, 9))).to.deep.equal([1, 3, 4, 7].map(eventIdOf));
    expect(idsOf(await events().due({ ...route, owner: agent(2) }, 9))).to.deep.equal([eventIdOf(5)]);
  });

  it('gives what came by a connection and is not answered', async () => {
    const other = { origin: { node: 'node-1', connection: 'connection-2' } };
    await events().record(
      [
        anAgentEvent(1, { mode: 'alert' }),
        anAgentEvent(2),
        anAskingEvent(3),
        anAgentEvent(4, other),
        orphanedEvent(anAgentEvent(5)),
        anAgentEvent(6, { owner: agent(2) }),
      ],
      ROOM,
    );
    await events().delivered([{ id: eventIdOf(6), mark: 'taken-6' }]);
    expect(await events().ofConnection('connection-1', 9)).to.deep.equal([anAgentEvent(2), anAskingEvent(3)]);
    expect(idsOf(await events().ofConnection('connection-1', 1))).to.have.length(1);
    expect(idsOf(await events().ofConnection('connection-2', 9))).to.deep.equal([eventIdOf(4)]);
    expect(await events().ofConnection('connection-3', 9)).to.deep.equal([]);
  });

  it('names each route once to which something has become due since then', async () => {
    const asking = anAskingEvent(5, { owner: agent(2) });
    await events().record(
      [anAgentEvent(1), anAgentEvent(2), anAgentEvent(3, { sessionId: 'sess-2' }), asking],
      ROOM,
    );
    const names = async (sinceMs: number): Promise<string[]> =>
      (await events().dueRoutes(sinceMs, 9))
        .map(({ owner, sessionId }) => `${owner} ${sessionId}`)
        .toSorted();
    expect(await names(T0)).to.deep.equal(['agent:agent-1 sess-1', 'agent:agent-1 sess-2']);
    expect(await names(T0 + 3)).to.deep.equal(['agent:agent-1 sess-2']);
    expect(await names(T0 + 4)).to.deep.equal([]);
    expect(await events().dueRoutes(T0, 1)).to.have.length(1);
    await events().put(resolvedEvent(asking), asking.mark);
    expect(await names(T0 + 4)).to.deep.equal(['agent:agent-2 sess-1']);
  });

  it('marks as delivered what is still in the state that was sent', async () => {
    const states = [anAgentEvent(1), anAgentEvent(2), anAskingEvent(3), anAgentEvent(4, { mode: 'alert' })];
    await events().record(states, ROOM);
    const again = AgentEvent.restore(anAgentEvent(2)).resent(
      { node: 'node-2', connection: 'connection-2' },
      policyIn('block'),
      { nowMs: T0 + 5, mark: 'resent' },
    );
    await events().put(again?.snapshot() ?? anAgentEvent(2), 'taken-2');
    const told = [...states.map(({ id, mark }) => ({ id, mark })), { id: eventIdOf(9), mark: 'taken-9' }];
    await events().delivered(told);
    const [first, , third, fourth] = states as [AgentEventState, unknown, AgentEventState, AgentEventState];
    expect(await events().find(eventIdOf(1))).to.deep.equal(ended(first, 'delivered'));
    expect(await events().find(eventIdOf(2))).to.deep.equal(again?.snapshot());
    expect(await events().find(eventIdOf(3))).to.deep.equal(third);
    expect(await events().find(eventIdOf(4))).to.deep.equal(fourth);
    expect(idsOf(await events().due(route, 9))).to.deep.equal([eventIdOf(2)]);
    await events().delivered(told);
    await events().delivered([]);
    expect(await events().find(eventIdOf(1)), 'told twice').to.deep.equal(ended(first, 'delivered'));
    expect(await events().put(orphanedEvent(first), first.mark), 'late').to.equal('outdated');
  });
}

function describeEnds(events: () => AgentEventStore): void {
  it('finds reviews whose deadline has come, the longest waiting first', async () => {
    const asking = [3, 1, 2].map((number) => anAskingEvent(number));
    await events().record([...asking, anAgentEvent(4)], ROOM);
    const end = asking[2]?.review?.deadlineAtMs ?? 0;
    expect(idsOf(await events().overdue(end, 9))).to.deep.equal([1, 2].map(eventIdOf));
    expect(await events().overdue(end, 1)).to.deep.equal([anAskingEvent(1)]);
    expect(await events().overdue(end - 2, 9)).to.deep.equal([]);
    await events().put(resolvedEvent(anAskingEvent(1), 'expired'), anAskingEvent(1).mark);
    expect(idsOf(await events().overdue(end, 9))).to.deep.equal([eventIdOf(2)]);
  });

  it('lets verdicts lapse that have been due since before then, some at a time', async () => {
    await events().record(
      [1, 2, 3].map((number) => anAgentEvent(number)),
      ROOM,
    );
    await events().record([anAskingEvent(4), anAgentEvent(5, { mode: 'alert' })], ROOM);
    expect(await events().lapse(T0 + 1, 9)).to.equal(0);
    expect(await events().lapse(T0 + 3, 1)).to.equal(1);
    expect(await events().lapse(T0 + 3, 9)).to.equal(1);
    expect(await events().lapse(T0 + 3, 9)).to.equal(0);
    expect(await events().find(eventIdOf(1))).to.deep.equal(ended(anAgentEvent(1), 'lapsed'));
    expect(await events().find(eventIdOf(3))).to.deep.equal(anAgentEvent(3));
    await events().lapse(T0 + 9_999, 9);
    for (const kept of [anAskingEvent(4), anAgentEvent(5, { mode: 'alert' })]) {
      expect(await events().find(kept.id)).to.deep.equal(kept);
    }
  });

  it('forgets what came before then, some at a time, and never an open question', async () => {
    await events().record(
      [anAskingEvent(1), anAgentEvent(2), anAgentEvent(3, { mode: 'alert' }), anAgentEvent(4)],
      ROOM,
    );
    expect(await events().forget(T0 + 4, 1)).to.equal(1);
    expect(await events().forget(T0 + 4, 9)).to.equal(1);
    expect(await events().forget(T0 + 4, 9)).to.equal(0);
    expect(idsOf(await events().list({ order: 'oldest-first', limit: 9, maxBytes: 999 }))).to.deep.equal(
      [1, 4].map(eventIdOf),
    );
    const { owner, sha256, claims } = anAgentEvent(2);
    expect(await events().findSame({ owner, sha256, eventId: claims.eventId })).to.equal(undefined);
    expect(await events().record([anAgentEvent(2)], ROOM), 'as if it had never been').to.deep.equal([
      { kind: 'recorded', isVariant: false },
    ]);
    await events().put(resolvedEvent(anAskingEvent(1)), anAskingEvent(1).mark);
    expect(await events().forget(T0 + 4, 9)).to.equal(2);
  });
}
