import { expect } from 'chai';
import type { AgentEventStore } from '../../src/application/ports/control/agent-event-store.ts';
import type { AgentEventState } from '../../src/domain/control/agent-event-state.ts';
import { ended } from '../../src/domain/control/verdict-end.ts';
import {
  anAgentEvent,
  anAskingEvent,
  eventIdOf,
  orphanedEvent,
  resolvedEvent,
} from '../support/agent-event-builders.ts';

const ROOM = { maxPendingReviews: 100 };
const RACERS = 50;
const MOST_PENDING = 5;

/** How an `AgentEventStore` stands against several writers at once, each through a store of its own where there are two. */
export function describeEventRaces(events: () => AgentEventStore, another: () => AgentEventStore): void {
  const each = <Out>(racer: (store: AgentEventStore, number: number) => Promise<Out>): Promise<Out[]> =>
    Promise.all(
      Array.from({ length: RACERS }, (_, number) => racer(number % 2 === 0 ? events() : another(), number)),
    );

  it(`keeps one of ${RACERS} racing records of one event, and shows the others that one`, async function () {
    this.timeout(60_000);
    const same = (number: number): AgentEventState => ({
      ...anAgentEvent(number),
      claims: anAgentEvent(1).claims,
      sha256: anAgentEvent(1).sha256,
    });
    const outcomes = (
      await each((store, number) =>
        store.record([same(number), anAgentEvent(1_000 + number)], ROOM).then(([outcome]) => outcome),
      )
    ).flatMap((outcome) => outcome ?? []);
    expect(outcomes.filter(({ kind }) => kind === 'recorded')).to.deep.equal([
      { kind: 'recorded', isVariant: false },
    ]);
    const stored = await events().findSame({
      owner: same(1).owner,
      eventId: same(1).claims.eventId,
      sha256: same(1).sha256,
    });
    for (const outcome of outcomes) {
      if (outcome.kind !== 'recorded') expect(outcome).to.deep.equal({ kind: 'known', state: stored });
    }
    expect(await events().list({ order: 'oldest-first', limit: 999, maxBytes: 1e6 })).to.have.length(
      RACERS + 1,
    );
  });

  it(`decides once what ${RACERS} decide at once`, async function () {
    this.timeout(60_000);
    const asking = anAskingEvent(1);
    await events().record([asking], ROOM);
    const decision = (number: number): AgentEventState => ({
      ...resolvedEvent(asking, number % 3 === 0 ? 'approved' : 'rejected'),
      mark: `decided by ${number}`,
    });
    const outcomes = await each((store, number) => store.put(decision(number), asking.mark));
    const winners = outcomes.flatMap((outcome, number) => (outcome === 'stored' ? [number] : []));
    expect(winners).to.have.length(1);
    expect(await events().find(asking.id)).to.deep.equal(decision(winners[0] ?? -1));
  });

  it('asks no more than it may when many ask at once, and keeps all it said it kept', async function () {
    this.timeout(60_000);
    const outcomes = await each(async (store, number) => {
      const states = [anAskingEvent(2 * number), anAskingEvent(2 * number + 1)];
      return store.record(states, { maxPendingReviews: MOST_PENDING });
    });
    const recorded = outcomes
      .flat()
      .flatMap(({ kind }, number) => (kind === 'recorded' ? [eventIdOf(number)] : []));
    const pending = await events().list({
      reviewed: { status: 'pending' },
      order: 'oldest-first',
      limit: 999,
      maxBytes: 1e6,
    });
    expect(pending.map(({ id }) => id)).to.deep.equal(recorded);
    expect(recorded.length).to.be.at.most(MOST_PENDING);
    const last = await events().record([anAskingEvent(999)], { maxPendingReviews: recorded.length + 1 });
    expect(last[0]?.kind, 'the refused take no room').to.equal('recorded');
  });

  it('marks as delivered, orphans or lets lapse one due state, whoever comes first', async function () {
    this.timeout(60_000);
    const states = Array.from({ length: RACERS }, (_, number) => anAgentEvent(number));
    await events().record(states, ROOM);
    const told = states.map(({ id, mark }) => ({ id, mark }));
    const [puts] = await Promise.all([
      each((store, number) => {
        const state = states[number] as AgentEventState;
        return store.put(orphanedEvent(state), state.mark);
      }),
      another().delivered(told.slice(0, RACERS / 2)),
      events().lapse(Number.MAX_SAFE_INTEGER, RACERS / 2),
      another().delivered(told.slice(RACERS / 4)),
    ]);
    for (const [number, state] of states.entries()) {
      const found = await events().find(state.id);
      const orphan = orphanedEvent(state);
      const before = puts[number] === 'stored' ? orphan : state;
      expect([before, ended(before, 'delivered'), ended(before, 'lapsed')]).to.deep.include(found);
    }
  });
}
