import { expect } from 'chai';
import { MongoReservationLedger } from '../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoAgentEventStore } from '../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoAttemptCounters } from '../../../src/adapters/outbound/mongo/fleet/mongo-attempt-counters.ts';
import { MongoLeases } from '../../../src/adapters/outbound/mongo/fleet/mongo-leases.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { MongoSubscriberDirectory } from '../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import { openStreamingStore } from '../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { HOLD_LIFETIME_MS } from '../../../src/domain/accounting/credit-reservation.ts';
import type { AuditRecord } from '../../../src/domain/audit/audit-record.ts';
import { FIRST_BOOK, withPolicy } from '../../../src/domain/control/policy-book.ts';
import { ended } from '../../../src/domain/control/verdict-end.ts';
import {
  agent,
  anAgentEvent,
  anAskingEvent,
  policyIn,
  resolvedEvent,
} from '../../support/agent-event-builders.ts';
import { act, aGrant, aRequest, credits, T0, user } from '../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { pausedStore } from '../../support/paused-store.ts';
import { ANNA, aChat } from '../../support/stream-builders.ts';
import { aSubscriber, left } from '../../support/subscriber-builders.ts';

/** What a node was about to write when it was paused, and what another node has done meanwhile. */
interface LateWrite {
  readonly name: string;
  readonly prepare?: (store: MongoStore) => Promise<unknown>;
  readonly meanwhile: (store: MongoStore) => Promise<unknown>;
  readonly late: (store: MongoStore) => Promise<unknown>;
  readonly outcome: unknown;
  /** What is there afterwards. */
  readonly check: (store: MongoStore) => Promise<void>;
}

const noActs = async (): Promise<void> => undefined;
const told: readonly AuditRecord[] = [{ act: 'late', outcome: 'done' }];
const ROOM = { all: 9, detached: 9 };
const RULE = { name: 'guesses', limit: 1, windowMs: 60_000 };
const ROUTE = { owner: agent(1), sessionId: 'sess-1' };
const SERVER = { name: 'files', transport: 'stdio', endpoint: '/usr/bin/files' };
const NOON_BOOK = withPolicy(FIRST_BOOK, policyIn('hitl'));
const usage = { id: 'use', userId: user(1), service: 'printing', tokens: 1, atMs: T0 } as const;
const due = anAgentEvent(1);
const asking = anAskingEvent(2);
const claimed = aSubscriber();
const gone = left(claimed, T0 + 5);
const back = { ...claimed, mark: 'back' };

const events = (store: MongoStore) => new MongoAgentEventStore(store, noActs);
const directory = (store: MongoStore) => new MongoSubscriberDirectory(store, noActs);
const record = (store: MongoStore) => events(store).record([due, asking], { maxPendingReviews: 9 });

/** Uses a ledger and lets go of it. */
async function onLedger<Out>(
  store: MongoStore,
  use: (ledger: MongoReservationLedger) => Promise<Out>,
): Promise<Out> {
  const ledger = new MongoReservationLedger(store);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

const OF_MONEY: readonly LateWrite[] = [
  {
    name: 'an expiry of a hold that was renewed',
    prepare: (store) =>
      onLedger(store, async (ledger) => {
        await ledger.grant(user(1), aGrant(), act());
        await ledger.reserve(user(1), aRequest(), T0);
      }),
    meanwhile: (store) =>
      onLedger(store, (ledger) => ledger.extend(aRequest().id, 9, T0 + HOLD_LIFETIME_MS - 1)),
    late: (store) => onLedger(store, (ledger) => ledger.expireDue(T0 + HOLD_LIFETIME_MS + 1, 9)),
    outcome: { holds: 0, grants: 0 },
    check: (store) =>
      onLedger(store, async (ledger) => {
        expect(await ledger.reservation(aRequest().id)).to.include({ state: 'open' });
      }),
  },
  {
    name: 'a grant that is given already',
    meanwhile: (store) => onLedger(store, (ledger) => ledger.grant(user(1), aGrant(), act())),
    late: async (store) =>
      (await onLedger(store, (ledger) => ledger.grant(user(1), aGrant(), act()))).grantedMicros,
    outcome: credits(10),
    check: (store) =>
      onLedger(store, async (ledger) => {
        expect((await ledger.account(user(1), T0)).grantedMicros).to.equal(credits(10));
      }),
  },
  {
    name: 'a record of usage that is there already',
    meanwhile: (store) =>
      onLedger(store, (ledger) => ledger.recordUsage({ ...usage, chargeMicros: credits(1) })),
    late: async (store) =>
      (await onLedger(store, (ledger) => ledger.recordUsage({ ...usage, chargeMicros: credits(2) })))
        .chargeMicros,
    outcome: credits(1),
    check: (store) =>
      onLedger(store, async (ledger) => {
        expect(await ledger.usage({ limit: 9 })).to.have.length(1);
      }),
  },
];

const OF_AGENTS: readonly LateWrite[] = [
  {
    name: 'an event that is kept already',
    meanwhile: record,
    late: record,
    outcome: [
      { kind: 'known', state: due },
      { kind: 'known', state: asking },
    ],
    check: async (store) => {
      expect(await events(store).list(ALL)).to.have.length(2);
    },
  },
  {
    name: 'a decision about what is decided',
    prepare: record,
    meanwhile: (store) => events(store).put(resolvedEvent(asking), asking.mark),
    late: (store) => events(store).put(resolvedEvent(asking, 'rejected'), asking.mark, told),
    outcome: 'outdated',
    check: async (store) => {
      expect(await events(store).find(asking.id)).to.deep.equal(resolvedEvent(asking));
    },
  },
  {
    name: 'the coming of a verdict that has lapsed',
    prepare: record,
    meanwhile: (store) => events(store).lapse(T0 + 9_999, 9),
    late: (store) => events(store).delivered([due]),
    outcome: undefined,
    check: async (store) => {
      expect(await events(store).find(due.id)).to.deep.equal(ended(due, 'lapsed'));
    },
  },
  {
    name: 'the lapse of a verdict that has come',
    prepare: record,
    meanwhile: (store) => events(store).delivered([due]),
    late: (store) => events(store).lapse(T0 + 9_999, 9),
    outcome: 0,
    check: async (store) => {
      expect(await events(store).find(due.id)).to.deep.equal(ended(due, 'delivered'));
    },
  },
  {
    name: 'a policy over the next one',
    meanwhile: (store) => new MongoPolicyStore(store, noActs).write(NOON_BOOK, told),
    late: (store) =>
      new MongoPolicyStore(store, noActs).write(withPolicy(FIRST_BOOK, policyIn('block')), told),
    outcome: 'outdated',
    check: async (store) => {
      expect(await new MongoPolicyStore(store, noActs).read()).to.deep.equal(NOON_BOOK);
    },
  },
  {
    name: 'an inventory that was said before the one that is there',
    meanwhile: (store) => new MongoMcpInventories(store).replace(ROUTE, [SERVER], T0 + 1),
    late: (store) => new MongoMcpInventories(store).replace(ROUTE, [{ ...SERVER, name: 'old' }], T0),
    outcome: undefined,
    check: async (store) => {
      expect(await serversOf(store)).to.deep.equal(['files']);
    },
  },
  {
    name: 'the forgetting of an inventory that was said anew',
    prepare: (store) => new MongoMcpInventories(store).replace(ROUTE, [SERVER], T0),
    meanwhile: (store) => new MongoMcpInventories(store).replace(ROUTE, [SERVER], T0 + 9),
    late: (store) => new MongoMcpInventories(store).forget(T0 + 1, 9),
    outcome: 0,
    check: async (store) => {
      expect(await serversOf(store)).to.deep.equal(['files']);
    },
  },
];

const OF_NODES: readonly LateWrite[] = [
  {
    name: 'a change of a session that somebody else has taken back',
    prepare: (store) => directory(store).put(claimed, { expected: undefined, bounds: ROOM }),
    meanwhile: (store) => directory(store).put(gone, { expected: claimed.mark, bounds: ROOM }),
    late: (store) =>
      directory(store).put(left(claimed, T0 + 9), { expected: claimed.mark, bounds: ROOM }, told),
    outcome: { kind: 'outdated' },
    check: async (store) => {
      expect(await directory(store).find(claimed.id)).to.deep.equal(gone);
    },
  },
  {
    name: 'the removal of a session that has changed',
    prepare: (store) => directory(store).put(claimed, { expected: undefined, bounds: ROOM }),
    meanwhile: (store) => directory(store).put(gone, { expected: claimed.mark, bounds: ROOM }),
    late: (store) => directory(store).remove(claimed.id, claimed.mark, told),
    outcome: false,
    check: async (store) => {
      expect(await directory(store).find(claimed.id)).to.deep.equal(gone);
    },
  },
  {
    name: 'the sweeping away of a session that somebody came back to',
    prepare: (store) => directory(store).put(gone, { expected: undefined, bounds: ROOM }),
    meanwhile: (store) => directory(store).put(back, { expected: gone.mark, bounds: ROOM }),
    late: (store) => directory(store).expire(Number.MAX_SAFE_INTEGER, 9),
    outcome: 0,
    check: async (store) => {
      expect(await directory(store).find(gone.id)).to.deep.equal(back);
    },
  },
  {
    name: 'the renewal of a lease that another has taken',
    prepare: (store) => new MongoLeases(store).hold('node/1', 'late', 0),
    meanwhile: (store) => new MongoLeases(store).hold('node/1', 'other', 60_000),
    late: (store) => new MongoLeases(store).hold('node/1', 'late', 60_000),
    outcome: 'taken',
    check: async (store) => {
      expect(await holderOf(store)).to.equal('other');
    },
  },
  {
    name: 'the release of a lease that another has taken',
    prepare: (store) => new MongoLeases(store).hold('node/1', 'late', 0),
    meanwhile: (store) => new MongoLeases(store).hold('node/1', 'other', 60_000),
    late: (store) => new MongoLeases(store).release('node/1', 'late'),
    outcome: undefined,
    check: async (store) => {
      expect(await holderOf(store)).to.equal('other');
    },
  },
  {
    name: 'an attempt that is one too many by now',
    meanwhile: (store) => new MongoAttemptCounters(store).open(RULE).count('anna'),
    late: async (store) => (await new MongoAttemptCounters(store).open(RULE).count('anna')).kind,
    outcome: 'refused',
    check: async (store) => {
      expect((await new MongoAttemptCounters(store).open(RULE).look('anna'))?.count).to.equal(1);
    },
  },
  {
    name: 'a chat more than its owner may have',
    meanwhile: (store) => openStreamingStore(store, noActs).chats.add(aChat(1), undefined, 1),
    late: (store) => openStreamingStore(store, noActs).chats.add(aChat(2), undefined, 1),
    outcome: 'limit',
    check: async (store) => {
      expect(await openStreamingStore(store, noActs).chats.count(ANNA)).to.equal(1);
    },
  },
];

const ALL = { order: 'oldest-first', limit: 9, maxBytes: 9_999_999 } as const;

async function serversOf(store: MongoStore): Promise<string[]> {
  return (await new MongoMcpInventories(store).list({ limit: 9 })).map(({ name }) => name);
}

async function holderOf(store: MongoStore): Promise<string | undefined> {
  return (await new MongoLeases(store).list('node/'))[0]?.holder;
}

describe('a store of two nodes', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  /** The node that goes on. */
  let other: MongoStore;
  before(async () => {
    temporary = await temporaryMongo();
    other = await MongoStore.open(temporary.url);
  });
  after(async () => {
    await other.close();
    await temporary.remove();
  });
  beforeEach(() => temporary.clear());

  for (const { name, prepare, meanwhile, late, outcome, check } of [...OF_MONEY, ...OF_AGENTS, ...OF_NODES]) {
    it(`takes ${name} from no node that was paused before it wrote`, async () => {
      await prepare?.(other);
      const paused = pausedStore(temporary.store);
      const going = late(paused.store);
      await paused.reached;
      await meanwhile(other);
      paused.goOn();
      expect(await going).to.deep.equal(outcome);
      await check(other);
    });
  }
});
