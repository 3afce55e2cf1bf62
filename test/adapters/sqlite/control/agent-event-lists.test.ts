import { expect } from 'chai';
import fc from 'fast-check';
import { MemoryAgentEventStore } from '../../../../src/adapters/outbound/memory/control/memory-agent-event-store.ts';
import { Connection } from '../../../../src/adapters/outbound/sqlite/connection.ts';
import { SqliteAgentEventStore } from '../../../../src/adapters/outbound/sqlite/control/sqlite-agent-event-store.ts';
import { migrate } from '../../../../src/adapters/outbound/sqlite/migrations.ts';
import { MIGRATIONS } from '../../../../src/adapters/outbound/sqlite/schema.ts';
import type {
  AgentEventStore,
  EventQuery,
} from '../../../../src/application/ports/control/agent-event-store.ts';
import { agent, anAgentEvent, anAskingEvent } from '../../../support/agent-event-builders.ts';
import { eventually } from '../../../support/eventually.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

const BOUNDS = { maxPendingReviews: 99 };
const OWNERS = [undefined, agent(0), agent(1)];
const SESSIONS = [undefined, 'sess-0', 'sess-1'];
const AGENTS = [undefined, 'builder-0', 'builder-1'];

/** An event that is of an owner, a session and an agent by its number; every seventh asks a person. */
const event = (number: number) =>
  (number % 7 === 0 ? anAskingEvent : anAgentEvent)(number, {
    owner: agent(number % 2),
    sessionId: `sess-${Math.floor(number / 2) % 2}`,
    claims: { agentId: `builder-${Math.floor(number / 3) % 2}` },
  });

const QUERIES = OWNERS.flatMap((owner) =>
  SESSIONS.flatMap((sessionId) =>
    AGENTS.flatMap((agentId) =>
      [undefined, {}].map((reviewed) => ({
        ...(owner === undefined ? {} : { owner }),
        ...(sessionId === undefined ? {} : { sessionId }),
        ...(agentId === undefined ? {} : { agentId }),
        ...(reviewed === undefined ? {} : { reviewed }),
      })),
    ),
  ),
);

/** The ids of everything that a query has, page by page. */
async function idsOf(store: AgentEventStore, query: Omit<EventQuery, 'after'>): Promise<string[]> {
  const ids: string[] = [];
  for (let page = await store.list(query); page.length > 0; ) {
    ids.push(...page.map(({ id }) => id));
    const last = page.at(-1);
    page = last === undefined ? [] : await store.list({ ...query, after: last.id });
  }
  return ids;
}

const strays = ({ store }: TemporaryStore) =>
  store.read((db) => {
    const sql =
      'SELECT count(*) AS strays FROM agent_event_lists WHERE seq NOT IN (SELECT seq FROM agent_events)';
    return db.prepare(sql).get()?.strays;
  });

const unlisted = ({ store }: TemporaryStore) =>
  store.read((db) => {
    const sql =
      'SELECT count(*) AS waiting FROM agent_events WHERE seq > coalesce((SELECT up_to FROM agent_events_listed), -1)';
    return db.prepare(sql).get()?.waiting;
  });

describe("the lists of agents' events", () => {
  let temporary: TemporaryStore;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());

  it('have every event in its place, whether it is listed or not, came late, or others were forgotten', async () => {
    const batches = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40 });
    const walk = fc.record({
      numbers: batches,
      atOnce: fc.integer({ min: 1, max: 9 }),
      batch: fc.integer({ min: 1, max: 6 }),
      forgotten: fc.nat(30),
      limit: fc.integer({ min: 1, max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(walk, async ({ numbers, atOnce, batch, forgotten, limit }) => {
        temporary.clear();
        const listed = new SqliteAgentEventStore(temporary.store, atOnce);
        const model = new MemoryAgentEventStore();
        for (let from = 0; from < numbers.length; from += batch) {
          const states = numbers.slice(from, from + batch).map(event);
          for (const store of [listed, model]) await store.record(states, BOUNDS);
        }
        for (const store of [listed, model]) await store.forget(T0 + forgotten, 99);
        expect(await strays(temporary), 'in a list, and nowhere else').to.equal(0);
        for (const order of ['newest-first', 'oldest-first'] as const) {
          for (const query of QUERIES) {
            const asked = { ...query, order, limit, maxBytes: 9_999 };
            expect(await idsOf(listed, asked), JSON.stringify(asked)).to.deep.equal(
              await idsOf(model, asked),
            );
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('are told of when they cannot be made, and made with the next events', async () => {
    temporary.clear();
    const events = new SqliteAgentEventStore(temporary.store, 2);
    const causes: unknown[] = [];
    const told = new Promise<void>((resolve) => {
      events.onUnlisted = (cause) => {
        causes.push(cause);
        resolve();
      };
    });
    temporary.exec('ALTER TABLE agent_event_lists RENAME TO put_away');
    await events.record([event(1), event(3)], BOUNDS);
    await told;
    expect(String(causes)).to.contain('no such table');
    temporary.exec('ALTER TABLE put_away RENAME TO agent_event_lists');
    await events.record([event(5)], BOUNDS);
    await eventually(async () => {
      const sql = "SELECT count(*) AS listed FROM agent_event_lists WHERE list = 'owner'";
      const listed = await temporary.store.read((db) => db.prepare(sql).get()?.listed);
      expect(listed).to.be.at.least(2);
    });
    expect(causes).to.have.length(1);
    expect(
      await idsOf(events, { owner: agent(1), order: 'oldest-first', limit: 9, maxBytes: 9_999 }),
    ).to.deep.equal([1, 3, 5].map((number) => event(number).id));
  });

  it('are caught up with at the next event, however many a server that was killed has left', async () => {
    temporary.clear();
    const killed = new SqliteAgentEventStore(temporary.store, 99);
    await killed.record(
      Array.from({ length: 60 }, (_, number) => event(number)),
      BOUNDS,
    );
    // Behind what the first one lists.
    await temporary.store.write('control.list-events', { limit: 99 }, 'normal');
    temporary.exec('DELETE FROM agent_event_lists; DELETE FROM agent_events_listed');
    await new SqliteAgentEventStore(temporary.store, 9).record([event(60)], BOUNDS);
    await eventually(async () => expect(await unlisted(temporary)).to.be.below(9), 2_000);
  });

  it('show nobody the event of another, whatever they say', async () => {
    temporary.clear();
    const events = new SqliteAgentEventStore(temporary.store, 1);
    await events.record([event(1)], BOUNDS);
    await temporary.store.write('control.list-events', { limit: 1 }, 'normal');
    temporary.exec(`INSERT INTO agent_event_lists SELECT list, '${agent(0)}', seq FROM agent_event_lists`);
    const page = { order: 'newest-first', limit: 9, maxBytes: 9_999 } as const;
    expect(await idsOf(events, { ...page, owner: agent(1) })).to.deep.equal([event(1).id]);
    expect(await idsOf(events, { ...page, owner: agent(0) })).to.deep.equal([]);
  });

  it('have those of a store that was written before there were lists', () => {
    const db = new Connection(':memory:');
    migrate(db, MIGRATIONS.slice(0, 13));
    db.exec(`INSERT INTO agent_events VALUES (7, 'id', 'mark', 'an owner', 'a session', 'e', 1, 2, 3, x'00', 1, 's', '',
      'run', 'an agent', 'sdk', 'llm', NULL, 'M0', '', NULL, 'none', NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL)`);
    migrate(db, MIGRATIONS);
    const lists = db.prepare('SELECT list, name, seq FROM agent_event_lists ORDER BY list').all();
    expect(lists.map((row) => ({ ...row }))).to.deep.equal([
      { list: 'agent', name: 'an agent', seq: 7 },
      { list: 'owner', name: 'an owner', seq: 7 },
      { list: 'session', name: 'a session', seq: 7 },
    ]);
    expect(db.prepare('SELECT up_to FROM agent_events_listed').get()?.up_to).to.equal(7);
    db.close();
  });
});
