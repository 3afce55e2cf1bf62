import { isConflict } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { ChainWriter } from './chain-end.ts';

/** What is signed to tell which key the nodes of a store sign with; no record and no anchor reads like it. */
const CHECKED = 'the audit key of this store';

interface KeyCheck {
  readonly _id: 'audit-key';
  readonly check: string;
}

/**
 * Sees that this process has the key that the nodes of the store sign with, which the first of them decides: what one
 * signs with another key would look forged to all others. While the key is exchanged, the latest node's first one counts.
 *
 * @returns false when none of its keys is that one.
 * @throws PortError when the store is away.
 */
export async function agreesOnAuditKey(store: MongoStore, keys: ChainWriter['keys']): Promise<boolean> {
  const metas = store.collection<KeyCheck>('meta');
  const [check, ...others] = keys.map((authenticate) => authenticate(CHECKED));
  const own = { _id: 'audit-key' as const, check: check ?? '' };
  const found = await store.read(() => metas.findOne({ _id: own._id }));
  if (found?.check === own.check) return true;
  if (found !== null) {
    if (!others.includes(found.check)) return false;
    await store.write(() => metas.updateOne(found, { $set: { check: own.check } }));
    return true;
  }
  await store
    .write(() => metas.insertOne(own))
    .catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  return agreesOnAuditKey(store, keys);
}
