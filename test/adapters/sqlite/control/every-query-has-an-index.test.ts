import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { expect } from 'chai';
import { SqliteAgentEventStore } from '../../../../src/adapters/outbound/sqlite/control/sqlite-agent-event-store.ts';
import { SqliteMcpInventories } from '../../../../src/adapters/outbound/sqlite/control/sqlite-mcp-inventories.ts';
import { SqliteSubscriberDirectory } from '../../../../src/adapters/outbound/sqlite/multiplexing/sqlite-subscriber-directory.ts';
import type { Transaction } from '../../../../src/adapters/outbound/sqlite/operation.ts';
import { OPERATIONS } from '../../../../src/adapters/outbound/sqlite/schema.ts';
import type { SqliteStore } from '../../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import {
  agent,
  anAgentEvent,
  anAskingEvent,
  eventIdOf,
  orphanedEvent,
  reviewIdOf,
  sha256Of,
} from '../../../support/agent-event-builders.ts';
import { DAY_MS, T0 } from '../../../support/ledger-builders.ts';
import { aSubscriber, left, muxId, owner } from '../../../support/subscriber-builders.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

const LATE = T0 + 40 * DAY_MS;
const PAGE = { limit: 9, maxBytes: 9_999 } as const;

/** What a plan may say although it is of a table that grows, by what the statement has in it, and why. */
const ALLOWED: ReadonlyArray<readonly [part: string, step: RegExp, why: string]> = [
  [
    'SELECT count(*) AS pending FROM agent_events',
    /^SCAN agent_events USING COVERING INDEX agent_events_asking$/,
    'the index has what is pending and nothing else',
  ],
  [
    'JOIN agent_event_bytes USING (seq) WHERE seq BETWEEN ? AND ? ORDER BY seq',
    /^SEARCH agent_events USING INTEGER PRIMARY KEY/,
    'a page of all events',
  ],
  [
    'JOIN agent_event_bytes USING (seq) WHERE +',
    /^SEARCH agent_events USING INTEGER PRIMARY KEY/,
    'of what is in no list yet, which is some 500 events',
  ],
  [
    'seq >= ? AND seq < ?',
    /^SEARCH agent_events USING INTEGER PRIMARY KEY/,
    'of the events of one millisecond',
  ],
  [
    'SELECT seq FROM agent_events WHERE seq > ? ORDER BY seq LIMIT ?',
    /^SEARCH agent_events USING INTEGER PRIMARY KEY/,
    'what is in no list yet, a part at a time',
  ],
  [
    'INSERT OR IGNORE INTO agent_event_lists',
    /^(USE TEMP B-TREE FOR ORDER BY|SEARCH agent_events USING INTEGER PRIMARY KEY.*)$/,
    'of such a part, which is sorted so that each page of the lists is written once',
  ],
  [
    'code, delivery, review_status FROM agent_events WHERE seq > ?',
    /^SEARCH agent_events USING INTEGER PRIMARY KEY/,
    'a count of all events, a slice at a time',
  ],
  [
    "SELECT seq FROM agent_events WHERE seq < ? AND review_status IS NOT 'pending'",
    /^SEARCH agent_events USING INTEGER PRIMARY KEY/,
    'the oldest of all, which are to be forgotten; of what is pending an agent has a bounded number',
  ],
  [
    'SELECT DISTINCT owner, session_id FROM agent_events',
    /^USE TEMP B-TREE FOR DISTINCT$/,
    'of what has become due in the last seconds',
  ],
  [
    'event_id = ? ORDER BY seq DESC LIMIT 1',
    /^USE TEMP B-TREE FOR ORDER BY$/,
    'of what agents have called the same; asked for by a person',
  ],
  [
    '+owner = ? ORDER BY seq DESC LIMIT 1',
    /^USE TEMP B-TREE FOR ORDER BY$/,
    'of what one agent has called the same; asked for by a person',
  ],
  [
    'FROM subscribers WHERE owner = ?',
    /^USE TEMP B-TREE FOR ORDER BY$/,
    'of what one owner has, which is bounded',
  ],
  [
    'FROM subscribers, json_each',
    /^(SCAN subscribers USING INDEX subscribers_held|USE TEMP B-TREE FOR DISTINCT)$/,
    'the index has what somebody is connected to, and this is looked at in the background',
  ],
  [
    'FROM subscribers WHERE detached_at_ms IS NULL AND EXISTS',
    /^SCAN subscribers USING INDEX subscribers_held$/,
    'the same, for a node that has died',
  ],
];

/** A store on one connection, in this thread, that keeps every statement which is prepared. */
class WatchedStore {
  readonly statements = new Set<string>();
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get store(): SqliteStore {
    const db: Transaction = {
      prepare: (sql) => this.#prepare(sql),
      audit: () => undefined,
      anchorAudit: () => {
        throw new Error('nothing is anchored here');
      },
    };
    const write = async (operation: string, input: unknown) => OPERATIONS[operation]?.(db, input);
    return {
      read: async <Out>(query: (db: Transaction) => Out) => query(db),
      write,
      writeLate: (operation: string, input: () => unknown) => write(operation, input()),
    } as unknown as SqliteStore;
  }

  /** The steps of each statement's plan that no index serves, with the statement. */
  unserved(): string[] {
    return [...this.statements].flatMap((sql) =>
      this.#stepsOf(sql)
        .filter((step) => isUnserved(step) && !isAllowed(sql, step))
        .map((step) => `${step}: ${sql.replace(/\s+/g, ' ')}`),
    );
  }

  #stepsOf(sql: string): string[] {
    const rows = this.#db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    return rows.map(({ detail }) => String(detail));
  }

  #prepare(sql: string): StatementSync {
    this.statements.add(sql);
    return this.#db.prepare(sql);
  }
}

/** A look through a table, a part of it or a whole index, also one that only ends early, or an order that no index keeps. */
const isUnserved = (step: string): boolean =>
  /^SCAN (?!holder\b|json_each\b|\d|CONSTANT)/.test(step) ||
  /^SEARCH \w+ USING INTEGER PRIMARY KEY \(rowid[<>]\?( AND rowid[<>]\?)?\)$/.test(step) ||
  step.startsWith('USE TEMP B-TREE');

const isAllowed = (sql: string, step: string): boolean =>
  ALLOWED.some(([part, allowed]) => sql.replace(/\s+/g, ' ').includes(part) && allowed.test(step));

describe('what the embedded store is asked about agents', () => {
  let temporary: TemporaryStore;
  let db: DatabaseSync;
  let watched: WatchedStore;
  beforeEach(async () => {
    temporary = await temporaryStore();
    db = new DatabaseSync(join(temporary.dataDir, 'holdfast.db'), { timeout: 2_000 });
    watched = new WatchedStore(db);
  });
  afterEach(async () => {
    db.close();
    await temporary.remove();
  });

  it('is found by an index in the order that is asked for, and never by a look through all events', async () => {
    await useEvents(new SqliteAgentEventStore(watched.store));
    await useInventories(new SqliteMcpInventories(watched.store));
    expect(watched.statements.size).to.be.greaterThan(35);
    expect(watched.unserved()).to.deep.equal([]);
  });

  it('is found by an index, also whose their sessions are', async () => {
    await useSubscribers(new SqliteSubscriberDirectory(watched.store));
    expect(watched.statements.size).to.be.greaterThan(8);
    expect(watched.unserved()).to.deep.equal([]);
  });

  it('would be told of as soon as an index were not there', async () => {
    await useEvents(new SqliteAgentEventStore(watched.store));
    db.exec('DROP INDEX agent_events_due');
    const without = watched.unserved();
    expect(without.length).to.be.greaterThan(0);
    expect(without.every((told) => told.includes("delivery = 'due'"))).to.equal(true);
  });
});

async function useEvents(events: SqliteAgentEventStore): Promise<void> {
  const bounds = { maxPendingReviews: 9 };
  const asking = anAskingEvent(4);
  await events.record([anAgentEvent(1), anAgentEvent(2, { mode: 'alert' }), asking], bounds);
  await events.record([anAgentEvent(1)], bounds);
  await events.put({ ...orphanedEvent(asking), mark: 'gone' }, asking.mark);
  const narrow = [
    {},
    { owner: agent(1) },
    { sessionId: 'sess-1' },
    { agentId: 'builder' },
    { reviewed: {} },
    { reviewed: { status: 'pending' } },
    { owner: agent(1), sessionId: 'sess-1' },
    { owner: agent(1), agentId: 'builder', reviewed: {} },
    { owner: agent(1), sessionId: 'sess-1', agentId: 'builder', reviewed: { status: 'pending' } },
    { sessionId: 'sess-1', reviewed: {} },
  ] as const;
  for (const order of ['newest-first', 'oldest-first'] as const) {
    for (const query of narrow) {
      await events.list({ ...PAGE, ...query, order });
      await events.list({ ...PAGE, ...query, order, after: eventIdOf(2) });
    }
  }
  await events.find(eventIdOf(1));
  await events.findSame({ owner: agent(1), eventId: 'event-1', sha256: sha256Of(Buffer.from('other')) });
  await events.findByReview(reviewIdOf(4));
  await events.findNewest('event-1');
  await events.findNewest('event-1', agent(1));
  await events.due({ owner: agent(1), sessionId: 'sess-1' }, 9);
  await events.ofConnection('connection-1', 9);
  await events.dueRoutes(T0, 9);
  await events.delivered([{ id: eventIdOf(1), mark: 'taken-1' }]);
  await events.overdue(LATE, 9);
  await events.pendingReviews();
  await events.statistics(T0);
  await events.lapse(LATE, 9);
  await events.forget(LATE, 9);
}

async function useInventories(inventories: SqliteMcpInventories): Promise<void> {
  const route = { owner: agent(1), sessionId: 'sess-1' };
  const servers = ['one', 'two'].map((name) => ({ name, transport: 'stdio', endpoint: '' }));
  await inventories.replace(route, servers, T0);
  const [first] = await inventories.list({ limit: 9 });
  await inventories.list({ limit: 9, after: first?.id ?? '' });
  await inventories.forget(LATE, 1);
  await inventories.forget(LATE, 9);
}

async function useSubscribers(directory: SqliteSubscriberDirectory): Promise<void> {
  const bounds = { all: 2, detached: 1 };
  const states = [1, 2].map((number) => aSubscriber({ id: muxId(number) }));
  for (const state of states) await directory.put(state, { expected: undefined, bounds });
  for (const state of states) {
    await directory.put(left(state, T0 + 1), { expected: state.mark, bounds });
  }
  await directory.list({ realm: 'mux', limit: 9 });
  await directory.list({ realm: 'mux', owner: owner(1), limit: 9 });
  await directory.nodes();
  await directory.heldBy('node-1', 9);
  await directory.remove(muxId(1), 'mark');
  await directory.expire(LATE, 9);
}
