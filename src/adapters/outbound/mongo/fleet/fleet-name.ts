import { ObjectId } from 'mongodb';
import { isConflict } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';

interface Named {
  readonly _id: string;
  readonly name: string;
}

/**
 * The name of the fleet whose store this is, given by whichever node asks first: by it nodes of one fleet find each other
 * on a server that others use as well.
 *
 * @throws PortError when the store is away.
 */
export async function fleetName(store: MongoStore): Promise<string> {
  const metas = store.collection<Named>('meta');
  const found = await store.read(() => metas.findOne({ _id: 'fleet' }));
  if (found !== null) return found.name;
  const name = new ObjectId().toHexString();
  await store
    .write(() => metas.insertOne({ _id: 'fleet', name }))
    .catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  return fleetName(store);
}
