import { ObjectId } from 'mongodb';
import type { Seal } from '../../../../application/ports/streaming/stream-repository.ts';
import { invariant } from '../../../../domain/invariant.ts';
import { eventLine } from '../../../../domain/streaming/event-lines.ts';
import { decideTransaction } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { StreamingCollections } from './streaming-collections.ts';
import { batchKey } from './streaming-documents.ts';

/**
 * Ends a running stream at the end of its log. The insert of the last event decides, by the key that an append at this
 * offset would have had; all that follows from the end is in its transaction.
 */
export function sealStream(
  store: MongoStore,
  { batches, chats, intents, messages, streams }: StreamingCollections,
  { session: ended, terminal, intent, message }: Seal,
): Promise<'sealed' | 'lost'> {
  const { id, chatId, state, end } = ended;
  invariant(end?.lastOffset === terminal.offset, 'an end is at the offset of its event');
  const { lastOffset, endedAtMs } = end;
  const _id = batchKey(id, lastOffset);
  const writer = new ObjectId();
  return decideTransaction<'sealed' | 'lost'>(store, {
    attempt: async (session) => {
      await batches.insertOne(
        { _id, lines: eventLine(terminal), lastOffset, writer, end: true },
        { session },
      );
      const { matchedCount } = await streams.updateOne(
        { _id: id, state: 'running' },
        { $set: { state, end, endedAtMs }, $unset: { active: true, activation: true, stopWished: true } },
        { session },
      );
      if (matchedCount === 0) return 'lost';
      const chat = await chats.updateOne(
        { _id: chatId, slot: id },
        { $set: { lastOffset }, $max: { updatedAtMs: endedAtMs }, $unset: { slot: true } },
        { session },
      );
      invariant(chat.matchedCount === 1, 'a stream that runs has its chat’s slot');
      if (message !== undefined) {
        await messages.insertOne({ chatId, place: lastOffset, ...message }, { session });
      }
      await intents.insertOne({ _id: id, intent }, { session });
      return 'sealed';
    },
    keeps: (outcome) => outcome === 'sealed',
    known: async () => {
      const found = await batches.findOne({ _id }, { projection: { writer: 1 } });
      if (found !== null) return found.writer.equals(writer) ? 'sealed' : 'lost';
      const running = await streams.findOne({ _id: id, state: 'running' }, { projection: { _id: 1 } });
      return running === null ? 'lost' : undefined;
    },
  });
}
