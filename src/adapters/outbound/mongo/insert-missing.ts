import { type Collection, type Document, MongoBulkWriteError, type OptionalUnlessRequiredId } from 'mongodb';
import { DUPLICATE_KEY } from './mongo-fault.ts';

/**
 * Inserts those documents whose `_id` is not there yet, in one command, and gives the `_id`s of the others. The same
 * call may be repeated after an unknown outcome.
 *
 * @throws MongoError when anything else went wrong.
 */
export async function insertMissing<Schema extends Document & { readonly _id: string }>(
  collection: Collection<Schema>,
  documents: readonly Schema[],
): Promise<string[]> {
  if (documents.length === 0) return [];
  try {
    await collection.insertMany(documents as readonly OptionalUnlessRequiredId<Schema>[], { ordered: false });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const failures = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
    // A connection that breaks comes as an error of the bulk as well: without a word about any document.
    const isAnswered = error.insertedCount + failures.length === documents.length;
    const isConfirmed = isAnswered && error.result.getWriteConcernError() == null;
    if (!isConfirmed || failures.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
    return failures.map(({ index }) => documents[index]?._id ?? '');
  }
}
