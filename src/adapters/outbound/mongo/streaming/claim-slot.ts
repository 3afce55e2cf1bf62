import type { ClientSession } from 'mongodb';
import type { ClaimOutcome, StartKey } from '../../../../application/ports/streaming/stream-repository.ts';
import type { ChatMessage } from '../../../../domain/streaming/chat-session.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import { decideTransaction } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { StreamingCollections } from './streaming-collections.ts';
import { sessionFrom } from './streaming-documents.ts';

/** What claims a chat's slot. */
export interface Claim {
  readonly session: Omit<StreamingSessionState, 'firstOffset'>;
  readonly message: ChatMessage;
  readonly key?: StartKey;
}

/**
 * Takes the chat's slot, or says why not. The first write is the one to the chat: it decides between claims, ends and
 * removals of the chat, so that what is read after it, the start key and the count of offsets, is the latest.
 */
export function claimSlot(
  store: MongoStore,
  collections: StreamingCollections,
  claim: Claim,
): Promise<ClaimOutcome> {
  const { session: claimed, message, key } = claim;
  const { chats, messages, streams } = collections;
  const { id, owner, chatId, ...facts } = claimed;
  const startKey = key === undefined ? {} : { startKey: key };
  return decideTransaction<ClaimOutcome>(store, {
    attempt: async (session) => {
      const chat = await chats.findOneAndUpdate(
        { _id: chatId, owner, slot: { $exists: false } },
        { $set: { slot: id, updatedAtMs: message.timestampMs } },
        { session, projection: { lastOffset: 1 } },
      );
      const refusal = await refusalOf(collections, claim, chat !== null, session);
      if (refusal !== undefined) return refusal;
      const firstOffset = (chat?.lastOffset ?? 0) + 1;
      await streams.insertOne(
        { _id: id, owner, chatId, ...facts, active: true, firstOffset, ...startKey },
        { session },
      );
      await messages.insertOne({ chatId, place: firstOffset, ...message }, { session });
      return { kind: 'claimed', session: { ...claimed, firstOffset } };
    },
    keeps: ({ kind }) => kind === 'claimed',
    known: async () => {
      const isFree = (await chats.findOne({ _id: chatId, owner, slot: { $exists: false } })) !== null;
      return refusalOf(collections, claim, isFree);
    },
  });
}

/** Why a claim cannot take the slot, the start key first; undefined when it can. */
async function refusalOf(
  { chats, streams }: StreamingCollections,
  { session: { id, chatId, owner }, key }: Claim,
  isFree: boolean,
  session?: ClientSession,
): Promise<ClaimOutcome | undefined> {
  const options = session === undefined ? {} : { session };
  if (!isFree) {
    const chat = await chats.findOne({ _id: chatId, owner }, { ...options, projection: { slot: 1 } });
    if (chat === null) return { kind: 'not-found' };
    // An earlier try, of which nobody knew what had become.
    const own = chat.slot === id ? await streams.findOne({ _id: id }, options) : null;
    if (own !== null) return { kind: 'claimed', session: sessionFrom(own) };
  }
  if (key !== undefined) {
    const sameKey = { chatId, 'startKey.route': key.route, 'startKey.key': key.key };
    const used = await streams.findOne(sameKey, options);
    if (used?.startKey !== undefined) {
      return used.startKey.bodySha256 === key.bodySha256
        ? { kind: 'replayed', session: sessionFrom(used) }
        : { kind: 'key-mismatch' };
    }
  }
  return isFree ? undefined : { kind: 'taken' };
}
