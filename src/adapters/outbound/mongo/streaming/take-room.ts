import type { UserId } from '../../../../domain/identity/ids.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import { decideWrite } from '../decide.ts';
import { isConflict } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { StreamingCollections } from './streaming-collections.ts';

/** How often a room is looked for; rooms that others have left may be taken by others again. */
const MAX_LOOKS = 8;

/**
 * Takes a room of the owner's, whose document lists the streams that have one: a condition on its length decides between
 * starts on any number of nodes. Streams leave without a word, since most starts find room: who finds none looks which of
 * those in the list have ended, and takes them out. One that has ended, or was undone, is never active again.
 */
export async function takeRoom(
  store: MongoStore,
  { owners, streams }: StreamingCollections,
  { id, owner }: Pick<StreamingSessionState, 'id' | 'owner'>,
  rooms: number,
): Promise<boolean> {
  const isFree = { [`rooms.${rooms - 1}`]: { $exists: false } };
  const take = (): Promise<boolean> =>
    decideWrite(store, {
      attempt: async () => {
        const free = { _id: owner, $or: [{ rooms: id }, isFree] };
        return (await owners.updateOne(free, { $addToSet: { rooms: id } })).matchedCount === 1;
      },
      // A room is taken once, however often it is asked for.
      known: async () => undefined,
    });
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    if (await take()) return true;
    const found = await store.read(() => owners.findOne({ _id: owner }, { projection: { rooms: 1 } }));
    if (found === null) {
      await makeList(store, owners, owner);
      continue;
    }
    const listed = found.rooms ?? [];
    const left = await ended(store, streams, listed);
    // A list that is not full any more was cleared by another start meanwhile: there may be room now.
    if (left.length === 0 && listed.length >= rooms) return false;
    if (left.length > 0)
      await store.write(() => owners.updateOne({ _id: owner }, { $pullAll: { rooms: left } }));
  }
  return false;
}

/** Others may make the same one at the same time. */
async function makeList(
  store: MongoStore,
  owners: StreamingCollections['owners'],
  owner: UserId,
): Promise<void> {
  try {
    await store.write(() => owners.insertOne({ _id: owner, adds: 0 }));
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Those streams of a list that neither open nor run any more. */
async function ended(
  store: MongoStore,
  streams: StreamingCollections['streams'],
  listed: readonly StreamId[],
): Promise<StreamId[]> {
  const active = streams.find({ _id: { $in: [...listed] }, active: true }, { projection: { _id: 1 } });
  const still = new Set((await store.read(() => active.toArray())).map(({ _id }) => _id));
  return listed.filter((id) => !still.has(id));
}
