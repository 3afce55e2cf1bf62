import { expect } from 'chai';
import type { ClientSession } from 'mongodb';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import type { AuditRecord } from '../../../../src/domain/audit/audit-record.ts';
import { StreamingSession } from '../../../../src/domain/streaming/streaming-session.ts';
import { describeLateStreamWrites } from '../../../contracts/late-stream-writes.ts';
import { expectFault } from '../../../support/faults.ts';
import { MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import {
  ANNA,
  aChat,
  aClaim,
  activated,
  aQuestion,
  aSeal,
  BERT,
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

describe('the streaming stores of two nodes', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  let second: MongoStore;
  /** The node that was paused and comes back, knowing what it knew before. */
  let late: StreamingStores;
  /** The node that has gone on meanwhile. */
  let other: StreamingStores;
  before(async () => {
    temporary = await temporaryMongo();
    second = await MongoStore.open(temporary.url);
  });
  after(async () => {
    await second.close();
    await temporary.remove();
  });
  beforeEach(async () => {
    await temporary.clear();
    late = openStreamingStore(temporary.store, recordActs(temporary.store));
    other = openStreamingStore(second, recordActs(second));
    for (const number of [1, 2]) await late.chats.add(aChat(number), undefined, 10);
  });

  const collection = (name: string) => temporary.client.db().collection(name);

  /** Everything that is stored, whatever it is. */
  async function everything(): Promise<unknown> {
    const collections = await temporary.client.db().collections();
    const stored = collections.map(async (one) => [
      one.collectionName,
      await one.find({}, { sort: { _id: 1 } }).toArray(),
    ]);
    return Object.fromEntries(await Promise.all(stored));
  }

  /** Sees that a write of the late node is refused and changes nothing. */
  async function changesNothing(write: () => Promise<unknown>, outcome: unknown): Promise<void> {
    const before = await everything();
    if (outcome === 'conflict') await expectFault(write(), 'conflict');
    else expect(await write()).to.deep.equal(outcome);
    expect(await everything()).to.deep.equal(before);
  }

  describeLateStreamWrites('the streaming stores of a fleet', async () => ({ late, other, everything }));

  describe('refuse what a paused node writes late:', () => {
    it('an append to a stream that was ended', async () => {
      const { id } = await start(late, 1);
      await late.events.append(id, chunks(2, 'a'));
      const running = await other.streams.latestOf(chatId(1));
      if (running === undefined) throw new Error('it runs');
      expect(await other.streams.seal(aSeal(running, 3))).to.equal('sealed');
      await changesNothing(() => late.events.append(id, chunks(3, 'b', 'c', 'd')), 'conflict');
      await changesNothing(() => late.events.append(id, chunks(4, 'b')), 'conflict');
    });

    it('an append at an offset that another has taken, or in the middle of his', async () => {
      const { id } = await start(late, 1);
      await other.events.append(id, chunks(2, 'a', 'b', 'c'));
      for (const offset of [2, 3, 4]) {
        await changesNothing(() => late.events.append(id, chunks(offset, 'x', 'y', 'z')), 'conflict');
      }
      await late.events.append(id, chunks(5, 'd'));
      await changesNothing(() => other.events.append(id, chunks(5, 'e')), 'conflict');
      expect((await other.events.read(id, 3, 10)).map(({ offset }) => offset)).to.deep.equal([4, 5]);
    });

    it('an end of a stream that was ended', async () => {
      const running = await start(late, 1);
      await other.streams.seal(aSeal(running, 2, OPENED_AT_MS + 1));
      await changesNothing(() => late.streams.seal(aSeal(running, 2)), 'lost');
      await changesNothing(() => late.streams.seal(aSeal(running, 3)), 'lost');
    });

    it('an end at an offset that another has taken', async () => {
      const running = await start(late, 1);
      await other.events.append(running.id, chunks(2, 'a', 'b'));
      for (const offset of [2, 3]) {
        await changesNothing(() => late.streams.seal(aSeal(running, offset)), 'lost');
      }
    });

    it('an activation of a claim that was undone, and an undoing of one that runs', async () => {
      const first = activated(await open(late, 1));
      await other.streams.abandon(first.id);
      await changesNothing(() => late.streams.activate(first, firstEvent(first)), false);
      const second = await start(other, 2);
      const intent = { kind: 'abort', id: second.id, tokens: 0 } as const;
      await changesNothing(() => late.streams.abandon(second.id, intent), undefined);
    });

    it('a claim of a slot that is taken, and one of a chat that is gone', async () => {
      await start(other, 1);
      const claim = (chat: number) =>
        late.streams.claim({ session: aClaim(9, chat), message: aQuestion(), key: KEY });
      await changesNothing(() => claim(1), { kind: 'taken' });
      await other.chats.remove(ANNA, chatId(2));
      await changesNothing(() => claim(2), { kind: 'not-found' });
    });

    it('a receipt after another one, and a name or a removal of a chat that is gone', async () => {
      const ended = await runThrough(other, 1);
      const receipt = { text: '', bodySha256: 'a0' };
      const decision = StreamingSession.restore(ended).receive(receipt, 'Like this.', OPENED_AT_MS);
      if (decision.kind !== 'accepted') throw new Error('it takes its receipt');
      const accepted = decision.session.snapshot();
      expect(await other.streams.accept(accepted, 'finished')).to.equal(true);
      await changesNothing(() => late.streams.accept(accepted, 'finished'), false);
      await other.chats.remove(ANNA, chatId(2));
      await changesNothing(() => late.chats.rename(ANNA, chatId(2), 'Late', OPENED_AT_MS), false);
      await changesNothing(
        () => late.chats.remove(ANNA, chatId(2), [{ act: 'x', outcome: 'done' }]),
        'not-found',
      );
    });

    for (const [way, vanish] of [
      ['removed', () => other.chats.remove(ANNA, chatId(1))],
      ['expired', () => other.streams.expireEnded(OPENED_AT_MS + 1_000, 10)],
    ] as const) {
      it(`an append to a stream whose events are ${way}, since a fence is left where it ended`, async () => {
        const running = await start(late, 1);
        await late.events.append(running.id, chunks(2, 'a'));
        await other.streams.seal(aSeal(running, 3));
        await other.streams.acknowledgeIntent(running.id);
        await vanish();
        expect(await collection('event_batches').countDocuments()).to.equal(1);
        await changesNothing(() => late.events.append(running.id, chunks(3, 'b')), 'conflict');
        await changesNothing(() => late.streams.seal(aSeal(running, 4)), 'lost');
        expect(await late.events.read(running.id, 0, 10)).to.deep.equal([]);
      });
    }
  });

  it('claim one slot once, end one stream once and expire it once, however many of both try', async () => {
    const both = [late, other, late, other, late, other];
    const claims = await Promise.all(
      both.map(({ streams }, index) => streams.claim({ session: aClaim(index), message: aQuestion() })),
    );
    const claimed = claims.find((outcome) => outcome.kind === 'claimed');
    expect(claims.filter(({ kind }) => kind === 'taken')).to.have.length(5);
    if (claimed === undefined) throw new Error('one has it');
    const running = activated(claimed.session);
    await other.streams.activate(running, firstEvent(running));
    const seals = await Promise.all(
      both.map(({ streams }, index) => streams.seal(aSeal(running, 2, OPENED_AT_MS + index))),
    );
    expect(seals.filter((outcome) => outcome === 'sealed')).to.have.length(1);
    await late.streams.acknowledgeIntent(running.id);
    const expired = await Promise.all(
      both.map(({ streams }) => streams.expireEnded(OPENED_AT_MS + 1_000, 10)),
    );
    expect(expired.reduce((sum, count) => sum + count, 0)).to.equal(1);
  });

  it('give a slot and a removal of its chat to one of both', async () => {
    for (let number = 10; number < 30; number += 1) {
      await late.chats.add(aChat(number), undefined, 100);
      const [claim, removal] = await Promise.all([
        late.streams.claim({ session: aClaim(number, number), message: aQuestion() }),
        other.chats.remove(ANNA, chatId(number)),
      ]);
      expect(`${claim.kind} ${removal}`).to.be.oneOf(['claimed busy', 'not-found removed']);
      const active = await late.streams.active();
      expect(active.some(({ chatId: chat }) => chat === chatId(number))).to.equal(removal === 'busy');
    }
  });

  it('remove a chat and record it together, or neither', async () => {
    const told = (act: string): AuditRecord[] => [{ act, outcome: 'done' }];
    await late.chats.add(aChat(3, BERT), undefined, 10);
    await late.chats.remove(BERT, chatId(3), told('break')).catch(() => undefined);
    expect(await late.chats.find(BERT, chatId(3))).not.to.equal(undefined);
    expect(await late.chats.remove(BERT, chatId(3), told('removed'))).to.equal('removed');
    const acts = await collection('acts').find().toArray();
    expect(acts.map(({ act }) => act)).to.deep.equal(['removed']);
  });

  for (const work of ['removal', 'expiry'] as const) {
    it(`finish the ${work} that a node has begun before it died`, async () => {
      let isDead = false;
      const proxy = new MongoProxy(temporary.url, (command) => {
        isDead ||= command.name === 'delete' && command.collection === 'event_batches';
        return isDead ? 'before' : 'pass';
      });
      const dying = await MongoStore.open(await proxy.listen());
      try {
        const { id } = await runThrough(late, 1);
        await late.streams.acknowledgeIntent(id);
        const node = openStreamingStore(dying, recordActs(dying));
        if (work === 'removal') expect(await node.chats.remove(ANNA, chatId(1))).to.equal('removed');
        else await expectFault(node.streams.expireEnded(OPENED_AT_MS + 1_000, 10), 'unavailable');
        expect(await collection('event_batches').countDocuments()).to.equal(2);
        await other.streams.expireEnded(0, 10);
        expect(await collection('event_batches').countDocuments()).to.equal(1);
        expect(await other.streams.whereabouts(id)).to.equal(work === 'removal' ? 'unknown' : 'foreign');
        expect(await other.events.read(numberedStream(1), 0, 10)).to.deep.equal([]);
      } finally {
        await dying.close();
        await proxy.close();
      }
    });
  }
});

const recordActs =
  (store: MongoStore) =>
  async (records: readonly AuditRecord[], session: ClientSession): Promise<void> => {
    if (records.some(({ act }) => act === 'break')) throw new Error('the record cannot be made');
    await store.collection('acts').insertMany([...records], { session });
  };

const KEY = { key: 'late', route: 'r', bodySha256: 'f0' };
