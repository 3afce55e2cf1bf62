import type { Collection, Document, Filter } from 'mongodb';
import { PortError } from '../../../../application/ports/port-error.ts';
import { insertMissing } from '../insert-missing.ts';
import type { MongoStore } from '../mongo-store.ts';

/** How often a document is made that the server removes before it is changed. */
const ATTEMPTS = 10;

/**
 * Changes a document by expressions of its own fields and the server's clock, in one step; where there is none, `empty`
 * is stored first, so that of those that race to make it each changes the same one.
 *
 * @returns the document after that. @throws PortError `unavailable`, `timeout`: the outcome is unknown.
 */
export async function changeOrMake<Schema extends Document & { readonly _id: string }>(
  store: MongoStore,
  collection: Collection<Schema>,
  empty: Schema,
  fields: Document,
): Promise<Schema> {
  const named = { _id: empty._id } as Filter<Schema>;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const after = await store.write(() =>
      collection.findOneAndUpdate(named, [{ $set: fields }], { returnDocument: 'after' }),
    );
    if (after !== null) return after as unknown as Schema;
    await store.write(() => insertMissing(collection, [empty]));
  }
  throw new PortError('unavailable', 'store', 'a document is removed as often as it is made');
}
