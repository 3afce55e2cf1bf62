import { expect } from 'chai';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { MongoSubscriberDirectory } from '../../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import type { SubscriberState } from '../../../../src/domain/multiplexing/subscriber-state.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { type Cut, MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import { aSubscriber, left, muxId, owner } from '../../../support/subscriber-builders.ts';

/** The commands by which a directory writes. */
const COMMANDS = [
  'insert subscribers',
  'findAndModify subscribers',
  'update subscribers',
  'delete subscribers',
];
const ROOM = { detached: 9, all: 9 };
const noActs = async (): Promise<void> => undefined;

describe('a directory of subscribers whose connections break', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  afterEach(() => mongo.clear());
  after(() => mongo.remove());

  for (const command of COMMANDS) {
    for (const cut of ['before', 'after'] as const) {
      // The driver itself tries a command twice: three breaks in a row are what it cannot hide.
      for (const times of [1, 3]) {
        const often = times === 1 ? 'once' : 'three times';
        it(`stores what it says it stored when the connection breaks ${often} ${cut} it sends ${command}`, () =>
          withBreaks(mongo, command, cut, times));
      }
    }
  }
});

async function withBreaks(mongo: TemporaryMongo, command: string, cut: Cut, times: number): Promise<void> {
  let remaining = times;
  const proxy = new MongoProxy(mongo.url, ({ name, collection }) => {
    if (remaining === 0 || `${name} ${collection}` !== command) return 'pass';
    remaining -= 1;
    return cut;
  });
  const store = await MongoStore.open(await proxy.listen());
  const directory = new MongoSubscriberDirectory(store, noActs);
  const witness = new MongoSubscriberDirectory(mongo.store, noActs);
  try {
    const first = aSubscriber();
    const unseen = { expected: undefined, bounds: ROOM };
    expect((await directory.put(first, unseen)).kind).to.equal('stored');
    expect(await witness.find(first.id)).to.deep.equal(first);
    expect((await directory.put(aSubscriber({ owner: owner(2) }, 'late'), unseen)).kind).to.equal('outdated');
    const next = left(first, T0 + 5);
    expect((await directory.put(next, { expected: first.mark, bounds: ROOM })).kind).to.equal('stored');
    expect(await witness.find(first.id)).to.deep.equal(next);
    expect((await directory.put(left(first, T0 + 6), { expected: first.mark, bounds: ROOM })).kind).to.equal(
      'outdated',
    );
    const others = [2, 3].map((number) => aSubscriber({ id: muxId(number) }));
    for (const state of others) await directory.put(state, unseen);
    const leaving = others.map((state) => ({ next: left(state, T0 + 5), expected: state.mark }));
    // One of them changes meanwhile: it is not said to be stored, whatever breaks.
    const [, moved] = others as [SubscriberState, SubscriberState];
    const latest = { ...moved, mark: 'moved on' };
    await witness.put(latest, { expected: moved.mark, bounds: ROOM });
    for (const said of ['once', 'again']) {
      const { stored } = await directory.replaceAll(leaving, { mux: ROOM, control: ROOM });
      expect(stored, said).to.deep.equal(new Set([muxId(2)]));
    }
    expect(await witness.findAll([muxId(2), muxId(3)])).to.have.deep.members([leaving[0]?.next, latest]);
    // Nobody can tell one removal from another; what counts is that it is gone.
    await directory.remove(first.id, next.mark);
    expect(await witness.find(first.id)).to.equal(undefined);
    expect(remaining, 'the connection did break').to.equal(0);
  } finally {
    await store.close();
    await proxy.close();
  }
}
