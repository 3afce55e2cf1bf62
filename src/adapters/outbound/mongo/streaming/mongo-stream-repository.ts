import { type Filter, ObjectId } from 'mongodb';
import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type {
  ClaimOutcome,
  LogEnd,
  Seal,
  StreamRepository,
} from '../../../../application/ports/streaming/stream-repository.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { invariant } from '../../../../domain/invariant.ts';
import { eventLine } from '../../../../domain/streaming/event-lines.ts';
import type { NodeId } from '../../../../domain/streaming/node-id.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import { decideTransaction, decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import { type Claim, claimSlot } from './claim-slot.ts';
import { expireEnded } from './expire-ended.ts';
import type { KnownEnds } from './known-ends.ts';
import type { Purge } from './purge.ts';
import { sealStream } from './seal-stream.ts';
import type { StreamingCollections } from './streaming-collections.ts';
import { type StreamDocument, sessionFrom } from './streaming-documents.ts';
import { takeRoom } from './take-room.ts';

/** Longest time in which a majority has to confirm that a read is of the latest, in milliseconds. */
const CONFIRMED_WITHIN_MS = 5_000;
/** How one document is read, by its key, as it is now. */
const LATEST = { readConcern: { level: 'linearizable' }, maxTimeMS: CONFIRMED_WITHIN_MS } as const;

/** Streaming sessions in MongoDB. */
export class MongoStreamRepository implements StreamRepository {
  readonly #store: MongoStore;
  readonly #in: StreamingCollections;
  readonly #ends: KnownEnds;
  readonly #purge: Purge;

  constructor(store: MongoStore, collections: StreamingCollections, ends: KnownEnds, purge: Purge) {
    this.#store = store;
    this.#in = collections;
    this.#ends = ends;
    this.#purge = purge;
  }

  claim(claim: Claim): Promise<ClaimOutcome> {
    return claimSlot(this.#store, this.#in, claim);
  }

  /** One write of one document, which holds the first event too. */
  async activate(session: StreamingSessionState, first: StreamEvent): Promise<boolean> {
    const { id: _id, firstOffset, hold, promptTokens } = session;
    invariant(first.offset === firstOffset, 'a stream begins at its first offset');
    const { streams } = this.#in;
    const activation = new ObjectId();
    const set = {
      state: 'running' as const,
      promptTokens,
      first: eventLine(first),
      activation,
      ...(hold === undefined ? {} : { hold }),
    };
    const isOurs = async (): Promise<boolean> => (await streams.findOne({ _id, activation })) !== null;
    const isRunning = await decideWrite(this.#store, {
      attempt: async () => {
        const { matchedCount } = await streams.updateOne({ _id, state: 'opening' }, { $set: set });
        // A repeat, by the driver or by us, finds what the first try has done.
        return matchedCount === 1 || (await isOurs());
      },
      known: async () => ((await isOurs()) ? true : undefined),
    });
    if (isRunning) this.#ends.begin(_id, firstOffset + 1);
    return isRunning;
  }

  async abandon(id: StreamId, intent?: SettlementIntent): Promise<void> {
    const { chats, streams, messages, intents } = this.#in;
    await decideTransaction<'done' | 'nothing'>(this.#store, {
      attempt: async (session) => {
        const opening = await streams.findOneAndDelete({ _id: id, state: 'opening' }, { session });
        if (opening === null) return 'nothing';
        const { chatId, firstOffset: place } = opening;
        await chats.updateOne({ _id: chatId, slot: id }, { $unset: { slot: true } }, { session });
        await messages.deleteOne({ chatId, place }, { session });
        if (intent !== undefined) await intents.insertOne({ _id: id, intent }, { session });
        return 'done';
      },
      keeps: (outcome) => outcome === 'done',
      // It may be done twice.
      known: async () => undefined,
    });
  }

  /** The session is read first: a stream that its owner can name was activated before, and is then among the others. */
  async findOwned(
    owner: UserId,
    chatId: ChatId,
    id: StreamId,
  ): Promise<{ readonly session: StreamingSessionState; readonly newestOfChat: StreamId } | undefined> {
    const session = await this.#one({ _id: id, owner, chatId });
    if (session === undefined) return undefined;
    const newest = await this.#one({ chatId, state: { $ne: 'opening' } });
    return { session, newestOfChat: newest?.id ?? id };
  }

  async whereabouts(id: StreamId): Promise<'foreign' | 'unknown'> {
    return (await this.#one({ _id: id })) === undefined ? 'unknown' : 'foreign';
  }

  latestOf(chatId: ChatId): Promise<StreamingSessionState | undefined> {
    return this.#one({ chatId, state: { $nin: ['opening', 'expired'] } });
  }

  tombstoneOf(chatId: ChatId): Promise<StreamingSessionState | undefined> {
    return this.#one({ chatId, state: 'expired' });
  }

  streamAt(chatId: ChatId, offset: number): Promise<StreamingSessionState | undefined> {
    return this.#one({ chatId, state: { $nin: ['opening', 'expired'] }, firstOffset: { $lte: offset } });
  }

  /** A primary that others have deposed without its knowledge answers every other read with what it last knew. */
  async logEnd(chatId: ChatId): Promise<LogEnd> {
    const { chats, streams } = this.#in;
    return this.#store.read(async () => {
      const chat = await chats.findOne({ _id: chatId }, LATEST);
      if (chat?.slot === undefined) return { lastOffset: chat?.lastOffset ?? 0, isRunning: false };
      const stream = await streams.findOne({ _id: chat.slot }, LATEST);
      // One that has ended since has moved the end: who asks again is told so.
      return { lastOffset: chat.lastOffset, isRunning: stream !== null && stream.state !== 'opening' };
    });
  }

  active(owner?: UserId): Promise<readonly StreamingSessionState[]> {
    return this.#active(owner === undefined ? { active: true } : { active: true, owner });
  }

  drivers(): Promise<readonly NodeId[]> {
    return this.#store.read(() => this.#in.streams.distinct('node', { active: true }));
  }

  drivenBy(node: NodeId): Promise<readonly StreamingSessionState[]> {
    return this.#active({ active: true, node });
  }

  takeRoom(stream: Pick<StreamingSessionState, 'id' | 'owner'>, rooms: number): Promise<boolean> {
    return takeRoom(this.#store, this.#in, stream, rooms);
  }

  /** Appends write elsewhere, so that this meets none of them. It may be done twice. */
  wishStop(id: StreamId): Promise<boolean> {
    return decideWrite<boolean>(this.#store, {
      attempt: async () => {
        const running = { _id: id, state: 'running' } as const;
        return (await this.#in.streams.updateOne(running, { $set: { stopWished: true } })).matchedCount === 1;
      },
      known: async () => undefined,
    });
  }

  async stopsWished(node: NodeId): Promise<readonly StreamId[]> {
    const found = this.#in.streams.find({ node, stopWished: true }, { projection: { _id: 1 } });
    return (await this.#store.read(() => found.toArray())).map(({ _id }) => _id);
  }

  async seal(seal: Seal): Promise<'sealed' | 'lost'> {
    const { session, terminal } = seal;
    await this.#ends.idle(session.id);
    const end = await this.#store.read(() => this.#ends.at(session.id, [terminal]));
    if (end === undefined) return 'lost';
    const outcome = await sealStream(this.#store, this.#in, seal);
    // Sealed or lost: this process writes to the log no more, unless it looks again where it ends.
    this.#ends.drop(session.id);
    return outcome;
  }

  accept(session: StreamingSessionState, expected: StreamingSessionState['state']): Promise<boolean> {
    const { id: _id, state, receipt } = session;
    const { streams } = this.#in;
    const acceptance = new ObjectId();
    const set = { state, acceptance, ...(receipt === undefined ? {} : { receipt }) };
    const isOurs = async (): Promise<boolean> => (await streams.findOne({ _id, acceptance })) !== null;
    return decideWrite(this.#store, {
      attempt: async () => {
        const { matchedCount } = await streams.updateOne({ _id, state: expected }, { $set: set });
        return matchedCount === 1 || (await isOurs());
      },
      known: async () => ((await isOurs()) ? true : undefined),
    });
  }

  /** An id begins with the time at which it was minted, so that the oldest is the first. */
  async pendingIntents(limit: number): Promise<readonly SettlementIntent[]> {
    const found = this.#in.intents.find({}, { sort: { _id: 1 }, limit });
    return (await this.#store.read(() => found.toArray())).map(({ intent }) => intent);
  }

  async acknowledgeIntent(id: StreamId): Promise<void> {
    await decideWrite(this.#store, {
      attempt: () => this.#in.intents.deleteOne({ _id: id }),
      known: async () => undefined,
    });
  }

  expireEnded(endedBeforeMs: number, limit: number): Promise<number> {
    return this.#store.read(() => expireEnded(this.#in, this.#purge, endedBeforeMs, limit));
  }

  /** The newest of the sessions that a filter finds. */
  async #one(filter: Filter<StreamDocument>): Promise<StreamingSessionState | undefined> {
    const found = await this.#store.read(() =>
      this.#in.streams.findOne(filter, { sort: { firstOffset: -1 } }),
    );
    return found === null ? undefined : sessionFrom(found);
  }

  async #active(filter: Filter<StreamDocument>): Promise<readonly StreamingSessionState[]> {
    const found = this.#in.streams.find(filter, { sort: { openedAtMs: 1, _id: 1 } });
    return (await this.#store.read(() => found.toArray())).map(sessionFrom);
  }
}
