import type { MongoStore } from '../adapters/outbound/mongo/mongo-store.ts';
import type { AuditReader } from '../application/ports/audit-log.ts';
import { PortError } from '../application/ports/port-error.ts';
import type { StoreInspection } from '../application/ports/store-inspection.ts';
import type { Config } from './config.ts';
import type { ConnectionUrl } from './configuration/connection-url.ts';

/** Which store is looked at. */
type StoreNames = Pick<Config, 'data' | 'mongodb.url'>;

/**
 * Shows the store that the configuration names, the embedded one or a fleet's, for the time of one look.
 *
 * @throws PortError `unavailable` with a sentence when it cannot be looked at.
 */
export async function withInspection<Out>(
  { data, 'mongodb.url': url }: StoreNames,
  look: (inspection: StoreInspection) => Promise<Out>,
): Promise<Out> {
  if (url === undefined) {
    const { SqliteStoreInspection } = await import(
      '../adapters/outbound/sqlite/inspection/sqlite-store-inspection.ts'
    );
    return look(new SqliteStoreInspection(data));
  }
  const { MongoStoreInspection } = await import(
    '../adapters/outbound/mongo/inspection/mongo-store-inspection.ts'
  );
  return withMongo(url, (store) => look(new MongoStoreInspection(store)));
}

/**
 * Shows the audit log of that store.
 *
 * @throws PortError `unavailable` with a sentence when it cannot be read.
 */
export async function withAuditReader<Out>(
  { data, 'mongodb.url': url }: StoreNames,
  look: (reader: AuditReader) => Promise<Out>,
): Promise<Out> {
  if (url !== undefined) {
    const { openAuditReader } = await import('../adapters/outbound/mongo/audit/open-audit-store.ts');
    return withMongo(url, (store) => look(openAuditReader(store)));
  }
  const { SqliteAuditReader } = await import('../adapters/outbound/sqlite/audit/sqlite-audit-reader.ts');
  const reader = SqliteAuditReader.open(data);
  try {
    return await look(reader);
  } finally {
    reader.close();
  }
}

async function withMongo<Out>(url: ConnectionUrl, look: (store: MongoStore) => Promise<Out>): Promise<Out> {
  const { MongoStore } = await import('../adapters/outbound/mongo/mongo-store.ts');
  const store = await MongoStore.look(url.reveal()).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PortError('unavailable', 'store', `The store in ${url} cannot be read: ${reason}`, {
      cause: error,
    });
  });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}
