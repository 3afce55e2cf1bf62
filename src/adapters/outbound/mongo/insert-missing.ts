import type { Collection, Document, OptionalUnlessRequiredId } from 'mongodb';
import { takenPlaces } from './mongo-fault.ts';

/**
 * Inserts those documents whose `_id` is not there yet, in one command, and gives the `_id`s of the others. The same
 * call may be repeated after an unknown outcome.
 *
 * @throws MongoError when anything else went wrong.
 */
export async function insertMissing<Schema extends Document & { readonly _id: string | number }>(
  collection: Collection<Schema>,
  documents: readonly Schema[],
): Promise<Array<Schema['_id']>> {
  if (documents.length === 0) return [];
  try {
    await collection.insertMany(documents as readonly OptionalUnlessRequiredId<Schema>[], { ordered: false });
    return [];
  } catch (error) {
    const taken = takenPlaces(error, documents.length);
    if (taken === undefined) throw error;
    const places = new Set(taken);
    return documents.filter((_, place) => places.has(place)).map(({ _id }) => _id);
  }
}
