import { expect } from 'chai';
import { ObjectId } from 'mongodb';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { BatchInserter } from '../../../../src/adapters/outbound/mongo/streaming/batch-inserter.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import {
  type BatchDocument,
  batchKey,
  EVENT_BATCHES,
} from '../../../../src/adapters/outbound/mongo/streaming/streaming-documents.ts';
import { StreamingSession } from '../../../../src/domain/streaming/streaming-session.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Cut, MongoProxy, type PassingCommand } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import {
  ANNA,
  aChat,
  aClaim,
  activated,
  anIntent,
  aQuestion,
  aSeal,
  chatId,
  chunks,
  firstEvent,
  numberedStream,
  OPENED_AT_MS,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../../../support/stream-builders.ts';

/** A write with what goes before it, and what has to be true after it, once. */
interface Write {
  readonly name: string;
  /** The commands that it sends, each of which is cut. */
  readonly commands: readonly string[];
  readonly prepare: (stores: StreamingStores) => Promise<unknown>;
  readonly act: (stores: StreamingStores) => Promise<unknown>;
  readonly outcome: unknown;
  readonly check: (stores: StreamingStores) => Promise<void>;
}

const session = { ...aClaim(1), firstOffset: 1 };
const running = activated(session);
const key = { key: 'k', route: 'r', bodySha256: 'f0' };
const ended = aSeal(running, 2).session;
const accepted = ((): typeof ended => {
  const update = { text: '', bodySha256: 'a0' };
  const decision = StreamingSession.restore(ended).receive(update, '', OPENED_AT_MS + 900);
  if (decision.kind !== 'accepted') throw new Error('an ended stream takes its receipt');
  return decision.session.snapshot();
})();

const WRITES: readonly Write[] = [
  {
    name: 'the adding of a chat',
    commands: ['update', 'aggregate', 'insert', 'commitTransaction'],
    prepare: async () => undefined,
    act: ({ chats }) => chats.add(aChat(2), aQuestion(), 10),
    outcome: 'added',
    check: async ({ chats }) => {
      expect(await chats.count(ANNA)).to.equal(2);
      expect(await chats.messages(chatId(2))).to.have.length(1);
    },
  },
  {
    name: 'a claim',
    commands: ['findAndModify', 'find', 'insert', 'commitTransaction'],
    prepare: async () => undefined,
    act: ({ streams }) => streams.claim({ session: aClaim(1), message: aQuestion(), key }),
    outcome: { kind: 'claimed', session },
    check: async ({ streams, chats }) => {
      expect(await streams.active()).to.deep.equal([session]);
      expect(await chats.messages(chatId(1))).to.have.length(1);
    },
  },
  {
    name: 'an activation',
    commands: ['update'],
    prepare: (stores) => open(stores, 1),
    act: ({ streams }) => streams.activate(running, firstEvent(running)),
    outcome: true,
    check: async ({ streams, events }) => {
      expect(await streams.latestOf(chatId(1))).to.deep.equal(running);
      expect(await events.read(running.id, 0, 10)).to.deep.equal([firstEvent(running)]);
    },
  },
  {
    name: 'an undoing',
    commands: ['findAndModify', 'update', 'delete', 'insert', 'commitTransaction'],
    prepare: (stores) => open(stores, 1),
    act: ({ streams }) => streams.abandon(running.id, anIntent(running.id)),
    outcome: undefined,
    check: async ({ streams, chats }) => {
      expect(await streams.whereabouts(running.id)).to.equal('unknown');
      expect(await streams.pendingIntents(10)).to.deep.equal([anIntent(running.id)]);
      expect(await chats.messages(chatId(1))).to.deep.equal([]);
      expect((await streams.claim({ session: aClaim(2), message: aQuestion() })).kind).to.equal('claimed');
    },
  },
  {
    name: 'an append',
    commands: ['insert'],
    prepare: (stores) => start(stores, 1),
    act: async ({ events }) => {
      await events.append(running.id, chunks(2, 'a', 'b'));
      await events.append(running.id, chunks(4, 'c'));
    },
    outcome: undefined,
    check: async ({ events }) => {
      const log = [firstEvent(running), ...chunks(2, 'a', 'b', 'c')];
      expect(await events.read(running.id, 0, 10)).to.deep.equal(log);
    },
  },
  {
    name: 'a wish that it be stopped',
    commands: ['update'],
    prepare: (stores) => start(stores, 1),
    act: ({ streams }) => streams.wishStop(running.id),
    outcome: true,
    check: async ({ streams }) => {
      expect(await streams.stopsWished(running.node)).to.deep.equal([running.id]);
    },
  },
  {
    name: 'an end',
    commands: ['insert', 'update', 'commitTransaction'],
    prepare: (stores) => start(stores, 1),
    act: ({ streams }) => streams.seal(aSeal(running, 2)),
    outcome: 'sealed',
    check: async ({ streams, chats, events }) => {
      expect(await streams.latestOf(chatId(1))).to.deep.equal(ended);
      expect(await streams.pendingIntents(10)).to.deep.equal([anIntent(running.id)]);
      expect(await chats.messages(chatId(1))).to.have.length(2);
      expect(await events.read(running.id, 0, 10)).to.have.length(2);
    },
  },
  {
    name: 'a receipt',
    commands: ['update'],
    prepare: async (stores) => {
      await start(stores, 1);
      await stores.streams.seal(aSeal(running, 2));
    },
    act: ({ streams }) => streams.accept(accepted, 'finished'),
    outcome: true,
    check: async ({ streams }) => {
      expect(await streams.latestOf(chatId(1))).to.deep.equal(accepted);
    },
  },
  {
    name: 'an acknowledgement',
    commands: ['delete'],
    prepare: (stores) => runThrough(stores, 1),
    act: ({ streams }) => streams.acknowledgeIntent(numberedStream(1)),
    outcome: undefined,
    check: async ({ streams }) => {
      expect(await streams.pendingIntents(10)).to.deep.equal([]);
    },
  },
  {
    name: 'a renaming',
    commands: ['update'],
    prepare: async () => undefined,
    act: ({ chats }) => chats.rename(ANNA, chatId(1), 'Other', OPENED_AT_MS + 9),
    outcome: true,
    check: async ({ chats }) => {
      expect(await chats.find(ANNA, chatId(1))).to.deep.include({ title: 'Other' });
    },
  },
  {
    name: 'a removal',
    commands: ['delete', 'insert', 'commitTransaction'],
    prepare: (stores) => runThrough(stores, 1),
    act: ({ chats }) => chats.remove(ANNA, chatId(1)),
    outcome: 'removed',
    check: async ({ chats, streams }) => {
      expect(await chats.find(ANNA, chatId(1))).to.equal(undefined);
      await streams.expireEnded(0, 10);
      expect(await streams.whereabouts(numberedStream(1))).to.equal('unknown');
      expect(await chats.messages(chatId(1))).to.deep.equal([]);
    },
  },
];

describe('the streaming stores of a fleet, whose connection breaks', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  let decide: (command: PassingCommand) => Cut;
  let proxy: MongoProxy;
  let store: MongoStore;
  /** What writes through the connection that breaks, and what looks at it through another one. */
  let near: StreamingStores;
  let far: StreamingStores;
  before(async () => {
    temporary = await temporaryMongo();
    proxy = new MongoProxy(temporary.url, (command) => decide(command));
    decide = () => 'pass';
    store = await MongoStore.open(await proxy.listen());
  });
  after(async () => {
    await store.close();
    await proxy.close();
    await temporary.remove();
  });
  beforeEach(async () => {
    decide = () => 'pass';
    await temporary.clear();
    near = openStreamingStore(store, async () => undefined);
    far = openStreamingStore(temporary.store, async () => undefined);
    await near.chats.add(aChat(1), undefined, 10);
  });

  /** Cuts so many of the next commands of a name. Returns how many were cut. */
  function cut(command: string, how: Cut, times: number): () => number {
    let done = 0;
    decide = ({ name }) => {
      if (name !== command || done >= times) return 'pass';
      done += 1;
      return how;
    };
    return () => done;
  }

  for (const write of WRITES) {
    for (const command of write.commands) {
      for (const where of ['before', 'after'] as const) {
        // The driver itself repeats a command once, and a commit is sent three times.
        const isAnswerOfCommit = command === 'commitTransaction' && where === 'after';
        for (const times of isAnswerOfCommit ? [1, 3, 6] : [1, 3]) {
          it(`carries out ${write.name} once when it breaks ${where} ${command}, ${times} ×`, async () => {
            await write.prepare(near);
            const done = cut(command, where, times);
            expect(await write.act(near)).to.deep.equal(write.outcome);
            expect(done()).to.be.at.least(1);
            decide = () => 'pass';
            await write.check(far);
          });
        }
      }
    }
  }

  it('takes events for stored that it meets itself, where an insert came through late', async () => {
    const writer = new ObjectId();
    const batch = { _id: batchKey(numberedStream(1), 2), lines: 'c 1 {"text":"a"}\n', lastOffset: 2 };
    let tries = 0;
    let cameThrough = false;
    let isMended = false;
    decide = ({ name }) => {
      if (name === 'insert') tries += 1;
      isMended ||= cameThrough && name === 'insert';
      return isMended ? 'pass' : 'before';
    };
    const inserted = new BatchInserter(store.collection(EVENT_BATCHES), writer).insert(batch);
    await eventually(async () => expect(tries).to.be.at.least(2));
    await temporary.store.collection<BatchDocument>(EVENT_BATCHES).insertOne({ ...batch, writer });
    cameThrough = true;
    await inserted;
  });
});
