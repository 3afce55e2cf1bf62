import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingCollections } from './streaming-collections.ts';
import { batchKeys } from './streaming-documents.ts';

/** Streams whose logs are removed by one write. */
const LOGS_AT_ONCE = 200;
/** Removed chats that one pass finishes. */
const CHATS_AT_ONCE = 20;

/**
 * Removes what nobody can find any more: the events of expired streams, and all that hung on removed chats. It is decided
 * before, by one write elsewhere, and what is left of it by a node that dies is removed by any other; all of it may be
 * done twice, and by two at once.
 */
export class Purge {
  readonly #in: StreamingCollections;

  constructor(collections: StreamingCollections) {
    this.#in = collections;
  }

  /** Removes what is left of the work of nodes that have died. */
  async leftovers(): Promise<void> {
    const expired = await this.#in.streams
      .find({ unpurged: true }, { projection: { _id: 1 }, limit: LOGS_AT_ONCE })
      .toArray();
    await this.expired(expired.map(({ _id }) => _id));
    const chats = await this.#in.removals.find({}, { limit: CHATS_AT_ONCE }).toArray();
    for (const { _id } of chats) await this.chat(_id);
  }

  /** Removes the events of streams that have expired, {@link LOGS_AT_ONCE} of them at most. */
  async expired(ids: readonly StreamId[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#logs(ids);
    await this.#in.streams.updateMany({ _id: { $in: [...ids] } }, { $unset: { unpurged: true } });
  }

  /** Removes all that hung on a chat that was removed. */
  async chat(id: ChatId): Promise<void> {
    const { streams, messages, removals } = this.#in;
    for (;;) {
      const found = await streams
        .find({ chatId: id }, { projection: { _id: 1 }, limit: LOGS_AT_ONCE })
        .toArray();
      if (found.length === 0) break;
      const ids = found.map(({ _id }) => _id);
      await this.#logs(ids);
      await streams.deleteMany({ _id: { $in: ids } });
    }
    await messages.deleteMany({ chatId: id });
    await removals.deleteOne({ _id: id });
  }

  /**
   * The batch that ended a log stays for a while as an empty fence: a writer that was paused before the end and comes back
   * after the removal meets its key, as it would have met it before.
   */
  async #logs(ids: readonly StreamId[]): Promise<void> {
    await this.#in.batches.bulkWrite(
      ids.flatMap((id) => {
        const keys = batchKeys(id);
        const fence = { $unset: { lines: true }, $currentDate: { goneAt: true } } as const;
        return [
          { updateMany: { filter: { _id: keys, end: true, goneAt: { $exists: false } }, update: fence } },
          { deleteMany: { filter: { _id: keys, end: { $exists: false } } } },
        ];
      }),
      { ordered: false },
    );
  }
}
