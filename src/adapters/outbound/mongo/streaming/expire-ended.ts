import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { Purge } from './purge.ts';
import type { StreamingCollections } from './streaming-collections.ts';

/**
 * Makes tombstones of streams that ended long ago, and finishes what other nodes have left of such work. Of any number of
 * nodes that do it at once each stream is counted by one.
 *
 * @returns how many streams were expired.
 */
export async function expireEnded(
  collections: StreamingCollections,
  purge: Purge,
  endedBeforeMs: number,
  limit: number,
): Promise<number> {
  await purge.leftovers();
  const due = await settledAndDue(collections, endedBeforeMs, limit);
  if (due.length === 0) return 0;
  const { modifiedCount } = await collections.streams.updateMany(
    { _id: { $in: due }, endedAtMs: { $exists: true } },
    { $set: { state: 'expired', unpurged: true }, $unset: { endedAtMs: true, startKey: true } },
  );
  await purge.expired(due);
  return modifiedCount;
}

/** Ids of streams that ended before a time and whose intent accounting has acknowledged, the oldest first. */
async function settledAndDue(
  { streams, intents }: StreamingCollections,
  endedBeforeMs: number,
  limit: number,
): Promise<StreamId[]> {
  const settled: StreamId[] = [];
  const ended = streams.find(
    { endedAtMs: { $lt: endedBeforeMs } },
    { sort: { endedAtMs: 1 }, projection: { _id: 1 }, batchSize: limit },
  );
  try {
    while (settled.length < limit) {
      const page: StreamId[] = [];
      while (page.length < limit && (await ended.hasNext())) {
        const stream = await ended.next();
        if (stream !== null) page.push(stream._id);
      }
      if (page.length === 0) break;
      const owed = await intents.find({ _id: { $in: page } }, { projection: { _id: 1 } }).toArray();
      const pending = new Set(owed.map(({ _id }) => _id));
      settled.push(...page.filter((id) => !pending.has(id)));
    }
  } finally {
    await ended.close();
  }
  return settled.slice(0, limit);
}
