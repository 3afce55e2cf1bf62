import { ObjectId } from 'mongodb';
import type { ChatRepository } from '../../../../application/ports/streaming/chat-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../../domain/streaming/stream-id.ts';
import { decideTransaction, decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import type { Purge } from './purge.ts';
import type { StreamingCollections } from './streaming-collections.ts';
import { chatFrom, messageFrom } from './streaming-documents.ts';

/** What a removal came to. */
type Removed = 'removed' | 'not-found' | 'busy';

/** Chats and messages in MongoDB. */
export class MongoChatRepository implements ChatRepository {
  readonly #store: MongoStore;
  readonly #in: StreamingCollections;
  readonly #purge: Purge;
  readonly #recordActs: RecordActs;

  constructor(store: MongoStore, collections: StreamingCollections, purge: Purge, recordActs: RecordActs) {
    this.#store = store;
    this.#in = collections;
    this.#purge = purge;
    this.#recordActs = recordActs;
  }

  /** The owner's own document is written to first, so that of two adds that count together one is done again. */
  add(
    chat: ChatSummary,
    firstMessage: ChatMessage | undefined,
    maxChats: number,
  ): Promise<'added' | 'limit'> {
    const { id, owner, ...summary } = chat;
    const { chats, messages, owners } = this.#in;
    return decideTransaction<'added' | 'limit'>(this.#store, {
      attempt: async (session) => {
        await owners.updateOne({ _id: owner }, { $inc: { adds: 1 } }, { session, upsert: true });
        if ((await chats.countDocuments({ owner }, { session })) >= maxChats) return 'limit';
        await chats.insertOne({ _id: id, owner, ...summary, lastOffset: 0 }, { session });
        if (firstMessage !== undefined) {
          await messages.insertOne({ chatId: id, place: 0, ...firstMessage }, { session });
        }
        return 'added';
      },
      keeps: (outcome) => outcome === 'added',
      known: async () => ((await chats.findOne({ _id: id, owner })) === null ? undefined : 'added'),
    });
  }

  async find(owner: UserId, id: ChatId): Promise<ChatSummary | undefined> {
    const chat = await this.#store.read(() => this.#in.chats.findOne({ _id: id, owner }));
    return chat === null ? undefined : chatFrom(chat);
  }

  async list(
    owner: UserId,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly chats: readonly ChatSummary[]; readonly total: number }> {
    const total = await this.count(owner);
    // To MongoDB a limit of 0 is none.
    if (limit === 0) return { chats: [], total };
    const page = this.#in.chats
      .find({ owner })
      .sort({ updatedAtMs: -1, createdAtMs: -1, _id: -1 })
      .skip(offset)
      .limit(limit);
    return { chats: (await this.#store.read(() => page.toArray())).map(chatFrom), total };
  }

  async messages(id: ChatId, limit?: number): Promise<readonly ChatMessage[]> {
    if (limit === 0) return [];
    const newestFirst = this.#in.messages.find({ chatId: id }).sort({ place: -1 });
    const documents = await this.#store.read(() =>
      (limit === undefined ? newestFirst : newestFirst.limit(limit)).toArray(),
    );
    return documents.map(messageFrom).reverse();
  }

  rename(owner: UserId, id: ChatId, title: string, nowMs: number): Promise<boolean> {
    const change = { $set: { title, updatedAtMs: nowMs } };
    return decideWrite(this.#store, {
      attempt: async () => (await this.#in.chats.updateOne({ _id: id, owner }, change)).matchedCount === 1,
      // It may be done twice.
      known: async () => undefined,
    });
  }

  async remove(owner: UserId, id: ChatId, audit?: readonly AuditRecord[]): Promise<Removed> {
    const { chats, removals } = this.#in;
    const removal = new ObjectId();
    const outcome = await decideTransaction<Removed>(this.#store, {
      attempt: async (session) => {
        const free = { _id: id, owner, slot: { $exists: false } };
        const { deletedCount } = await chats.deleteOne(free, { session });
        if (deletedCount === 0) {
          if ((await chats.findOne({ _id: id, owner }, { session })) !== null) return 'busy';
          // An earlier try, of which nobody knew what had become, may have removed it.
          const done = await removals.findOne({ _id: id, removal }, { session });
          return done === null ? 'not-found' : 'removed';
        }
        await removals.insertOne({ _id: id, removal }, { session });
        if (audit !== undefined) await this.#recordActs(audit, session);
        return 'removed';
      },
      keeps: (done) => done === 'removed',
      known: async () => ((await removals.findOne({ _id: id, removal })) === null ? undefined : 'removed'),
    });
    // The chat is gone. What hung on it is found by nobody, and the next pass removes what is left of it.
    if (outcome === 'removed') await this.#purge.chat(id).catch(() => undefined);
    return outcome;
  }

  count(owner: UserId): Promise<number> {
    return this.#store.read(() => this.#in.chats.countDocuments({ owner }));
  }
}
