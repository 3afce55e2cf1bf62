import { expect } from 'chai';
import { MongoAlertLog } from '../../../src/adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import { MongoAgentEventStore } from '../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoAttemptCounters } from '../../../src/adapters/outbound/mongo/fleet/mongo-attempt-counters.ts';
import { MongoLeases } from '../../../src/adapters/outbound/mongo/fleet/mongo-leases.ts';
import { MongoReaderMarks } from '../../../src/adapters/outbound/mongo/fleet/mongo-reader-marks.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { MongoSubscriberDirectory } from '../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import { openStreamingStore } from '../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import type { AlertId } from '../../../src/domain/alerts/alert.ts';
import { ended } from '../../../src/domain/control/verdict-end.ts';
import { agent, anAgentEvent } from '../../support/agent-event-builders.ts';
import { insist } from '../../support/insist.ts';
import { T0 } from '../../support/ledger-builders.ts';
import { type Cut, MongoProxy } from '../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import {
  ANNA,
  aChat,
  NODE_1,
  numberedStream,
  OPENED_AT_MS,
  runThrough,
} from '../../support/stream-builders.ts';
import { aSubscriber, left, muxId, owner } from '../../support/subscriber-builders.ts';

/** A write, the commands that it sends, and what it gives and leaves. */
interface Write {
  readonly name: string;
  readonly commands: readonly string[];
  readonly act: (store: MongoStore) => Promise<unknown>;
  readonly check: (store: MongoStore) => Promise<void>;
}

const noActs = async (): Promise<void> => undefined;
const ROUTE = { owner: agent(1), sessionId: 'sess-1' };
const SERVER = { name: 'files', transport: 'stdio', endpoint: '/usr/bin/files' };
const RULE = { name: 'logins', limit: 9, windowMs: 60_000 };
const raise = {
  id: 'one' as AlertId,
  kind: 'takeover.refused',
  principal: owner(1),
  atMs: T0,
  windowMs: 9,
  count: 2,
  detail: '',
} as const;

const WRITES: readonly Write[] = [
  {
    name: 'an alert',
    commands: ['findAndModify alert_heads', 'find alerts', 'insert alerts', 'commitTransaction'],
    act: (store) => new MongoAlertLog(store).raise(raise),
    check: async (store) => {
      const alerts = await new MongoAlertLog(store).list({ after: 0, limit: 9 });
      expect(alerts.map(({ seq, count }) => [seq, count])).to.deep.equal([[1, 2]]);
    },
  },
  {
    name: 'an inventory',
    commands: ['insert mcp_inventories', 'update mcp_inventories', 'delete mcp_inventories'],
    act: async (store) => {
      const inventories = new MongoMcpInventories(store);
      await inventories.replace(ROUTE, [SERVER, { ...SERVER, name: 'web' }], T0);
      await inventories.replace(ROUTE, [SERVER], T0 + 1);
      await inventories.replace({ ...ROUTE, sessionId: 'sess-2' }, [SERVER], T0);
      expect(await inventories.forget(T0 + 1, 9)).to.equal(1);
    },
    check: async (store) => {
      const [server, ...others] = await new MongoMcpInventories(store).list({ limit: 9 });
      expect(others).to.deep.equal([]);
      expect(server).to.include({ name: 'files', firstSeenAtMs: T0, lastSeenAtMs: T0 + 1 });
    },
  },
  {
    name: 'a lease',
    commands: ['findAndModify leases', 'insert leases', 'update leases'],
    act: async (store) => {
      const leases = new MongoLeases(store);
      await insist(() => leases.hold('one', 'me', 60_000));
      await insist(() => leases.hold('two', 'me', 60_000));
      await insist(() => leases.release('two', 'me'));
    },
    check: async (store) => {
      const leases = new MongoLeases(store);
      expect(await leases.hold('one', 'another', 1)).to.equal('taken');
      expect(await leases.hold('two', 'another', 60_000)).to.include({ holder: 'another' });
    },
  },
  {
    name: 'a mark of readers',
    commands: ['update reader_marks'],
    act: (store) =>
      insist(() =>
        new MongoReaderMarks(store).mark({ node: NODE_1, streams: [numberedStream(1)], atMs: T0 }),
      ),
    check: async (store) => {
      const mark = { node: NODE_1, streams: [numberedStream(1)], atMs: T0 };
      expect(await new MongoReaderMarks(store).since(T0)).to.deep.equal([mark]);
    },
  },
  {
    name: 'a room',
    commands: ['update chat_owners', 'find chat_owners', 'insert chat_owners', 'find streams'],
    act: async (store) => {
      const { streams } = openStreamingStore(store, noActs);
      for (const number of [1, 2]) {
        expect(await insist(() => streams.takeRoom({ id: numberedStream(number), owner: ANNA }, 1))).to.equal(
          true,
        );
      }
    },
    check: async (store) => {
      const owners = store.collection<{ _id: string; rooms: string[] }>('chat_owners');
      expect((await owners.findOne({ _id: ANNA }))?.rooms).to.deep.equal([numberedStream(2)]);
    },
  },
  {
    name: 'an expiry',
    commands: [
      'find streams',
      'find settlement_intents',
      'update streams',
      'delete event_batches',
      'update event_batches',
    ],
    act: async (store) => {
      const stores = openStreamingStore(store, noActs);
      await stores.chats.add(aChat(1), undefined, 9);
      await runThrough(stores, 1);
      await stores.streams.acknowledgeIntent(numberedStream(1));
      await insist(() => stores.streams.expireEnded(OPENED_AT_MS + 9_999, 9));
      await insist(() => stores.streams.expireEnded(0, 9));
    },
    check: async (store) => {
      const { streams, events } = openStreamingStore(store, noActs);
      expect(await streams.tombstoneOf(aChat(1).id)).to.include({ id: numberedStream(1), state: 'expired' });
      expect(await events.read(numberedStream(1), 0, 9)).to.deep.equal([]);
      expect(await store.collection('event_batches').countDocuments()).to.equal(1);
      expect(await store.collection('streams').countDocuments({ unpurged: true })).to.equal(0);
    },
  },
];

const OF_OLD_THINGS: readonly Write[] = [
  {
    name: 'a lapse, and the forgetting of events',
    commands: ['update agent_events', 'delete agent_events'],
    act: async (store) => {
      const events = new MongoAgentEventStore(store, noActs);
      await events.record([anAgentEvent(1), anAgentEvent(2)], { maxPendingReviews: 9 });
      await insist(() => events.lapse(anAgentEvent(3).receivedAtMs, 9));
      await insist(() => events.forget(anAgentEvent(2).receivedAtMs, 9));
    },
    check: async (store) => {
      const events = new MongoAgentEventStore(store, noActs);
      expect(await events.find(anAgentEvent(1).id)).to.equal(undefined);
      expect(await events.find(anAgentEvent(2).id)).to.deep.equal(ended(anAgentEvent(2), 'lapsed'));
    },
  },
  {
    name: 'the sweeping away of sessions',
    commands: ['delete subscribers'],
    act: async (store) => {
      const directory = new MongoSubscriberDirectory(store, noActs);
      const gone = left(aSubscriber(), T0);
      const bounds = { all: 9, detached: 9 };
      await directory.put(gone, { expected: undefined, bounds });
      await directory.put(aSubscriber({ id: muxId(2) }), { expected: undefined, bounds });
      await insist(() => directory.expire(gone.leaseEndsAtMs ?? 0, 9));
    },
    check: async (store) => {
      const rest = await new MongoSubscriberDirectory(store, noActs).list({ realm: 'mux', limit: 9 });
      expect(rest.map(({ id }) => id)).to.deep.equal([muxId(2)]);
    },
  },
  {
    name: 'the end of a window of attempts',
    commands: ['delete attempts'],
    act: async (store) => {
      const counter = new MongoAttemptCounters(store).open(RULE);
      await counter.count('anna');
      await insist(() => counter.forget('anna'));
    },
    check: async (store) => {
      expect(await new MongoAttemptCounters(store).open(RULE).look('anna')).to.equal(undefined);
    },
  },
];

describe('other writes of a fleet, whose connection breaks', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let proxy: MongoProxy;
  let store: MongoStore;
  let command = '';
  let how: Cut = 'pass';
  let remaining = 0;
  before(async () => {
    mongo = await temporaryMongo();
    proxy = new MongoProxy(mongo.url, ({ name, collection }) => {
      if (remaining === 0 || ![name, `${name} ${collection}`].includes(command)) return 'pass';
      remaining -= 1;
      return how;
    });
    store = await MongoStore.open(await proxy.listen());
  });
  after(async () => {
    await store.close();
    await proxy.close();
    await mongo.remove();
  });
  beforeEach(() => mongo.clear());

  for (const write of [...WRITES, ...OF_OLD_THINGS]) {
    for (const sent of write.commands) {
      for (const cut of ['before', 'after'] as const) {
        // The driver itself tries most commands twice: three breaks in a row are what it cannot hide.
        for (const times of [1, 3]) {
          it(`carry out ${write.name} once when it breaks ${cut} ${sent}, ${times} ×`, async () => {
            [command, how, remaining] = [sent, cut, times];
            await write.act(store);
            expect(remaining, 'breaks that were not met').to.be.below(times);
            remaining = 0;
            await write.check(mongo.store);
          });
        }
      }
    }
  }

  // One answer that is lost is hidden by the driver.
  for (const cut of ['before', 'after'] as const) {
    it(`count an attempt once when the connection breaks ${cut} it`, async () => {
      const counter = new MongoAttemptCounters(store).open(RULE);
      expect(await counter.count('anna')).to.include({ kind: 'counted', count: 1 });
      [command, how, remaining] = ['findAndModify attempts', cut, 1];
      expect(await counter.count('anna')).to.include({ kind: 'counted', count: 2 });
      expect(remaining).to.equal(0);
    });

    it(`give an attempt back once when the connection breaks ${cut} it`, async () => {
      const counter = new MongoAttemptCounters(store).open(RULE);
      const outcomes = [
        await counter.count('anna'),
        await counter.count('anna'),
        await counter.count('anna'),
      ];
      [command, how, remaining] = ['update attempts', cut, 1];
      await counter.giveBack('anna', outcomes[0]?.kind === 'counted' ? outcomes[0].window : '');
      expect(remaining).to.equal(0);
      expect((await counter.look('anna'))?.count).to.equal(2);
    });
  }
});
