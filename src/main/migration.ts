import { MongoStoreInspection } from '../adapters/outbound/mongo/inspection/mongo-store-inspection.ts';
import { MongoMoveTarget } from '../adapters/outbound/mongo/migration/mongo-move-target.ts';
import { MongoStore } from '../adapters/outbound/mongo/mongo-store.ts';
import { SqliteReservationLedger } from '../adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { SqliteAuditLog } from '../adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { storeExists } from '../adapters/outbound/sqlite/data-folder.ts';
import { SqliteStoreInspection } from '../adapters/outbound/sqlite/inspection/sqlite-store-inspection.ts';
import { SqliteMoveSource } from '../adapters/outbound/sqlite/migration/sqlite-move-source.ts';
import type { SqliteStore } from '../adapters/outbound/sqlite/sqlite-store.ts';
import { openStreamingStore } from '../adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { CryptoIdSource } from '../adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../adapters/outbound/system/node-digest.ts';
import { SystemTimers } from '../adapters/outbound/system/system-timers.ts';
import { DiagnoseStore } from '../application/doctor/diagnose-store.ts';
import { EndOpenStreams } from '../application/migration/end-open-streams.ts';
import { MigrateStore } from '../application/migration/migrate-store.ts';
import type { Log } from '../application/ports/log.ts';
import type { StoreInspection } from '../application/ports/store-inspection.ts';
import { auditAuthenticators } from './audit-keys.ts';
import type { Config } from './config.ts';
import type { ConnectionUrl } from './configuration/connection-url.ts';
import { clockOf, openDatabase } from './modules/embedded-store.ts';
import { OperatorError } from './operator-error.ts';
import { openProgramLog } from './program-log.ts';

/**
 * Opens both ends of a move for its time; the data folder is claimed as a server claims it.
 *
 * @throws OperatorError with a sentence when one of them cannot be opened.
 */
export async function withMigration<Out>(
  config: Config,
  url: ConnectionUrl,
  act: (migrate: MigrateStore) => Promise<Out>,
): Promise<Out> {
  if (!storeExists(config.data)) throw new OperatorError(3, `There is no Holdfast store in ${config.data}.`);
  const { log, flush } = openProgramLog({ ...config, 'log.level': 'warn' });
  const database = await connect(url);
  try {
    const store = await openDatabase(config);
    try {
      return await act(migrationOf({ config, store, database, to: String(url), log }));
    } finally {
      await store.close();
    }
  } finally {
    await database.close();
    flush();
  }
}

async function connect(url: ConnectionUrl): Promise<MongoStore> {
  try {
    return await MongoStore.openToFill(url.reveal());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(3, `The store in ${url} cannot be opened: ${reason}`, { cause: error });
  }
}

function migrationOf(parts: {
  readonly config: Config;
  readonly store: SqliteStore;
  readonly database: MongoStore;
  readonly to: string;
  readonly log: Log;
}): MigrateStore {
  const { config, store, database, to, log } = parts;
  const digest = new NodeDigest();
  const examine = (inspection: StoreInspection): DiagnoseStore =>
    new DiagnoseStore({ inspection, digest, audit: { keys: auditAuthenticators(config), heads: [] } });
  /** As a start does it, and the place of the audit log is noted as an orderly end does. */
  const settle = async (): Promise<void> => {
    const { streams, events: eventLog } = await openStreamingStore(store);
    const clock = await clockOf(store, log);
    const ledger = new SqliteReservationLedger(store);
    const holds = { checkpointOf: async (id: string) => (await ledger.reservation(id))?.checkpointTokens };
    const timers = new SystemTimers();
    await new EndOpenStreams({ streams, eventLog, holds, clock, timers, digest, log }).execute();
    await new SqliteAuditLog(store).anchor();
  };
  return new MigrateStore({
    source: new SqliteMoveSource(store, config.data, settle),
    target: new MongoMoveTarget(database),
    ids: new CryptoIdSource(),
    examineSource: examine(new SqliteStoreInspection(config.data)),
    examineTarget: examine(new MongoStoreInspection(database)),
    to,
  });
}
