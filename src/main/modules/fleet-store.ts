import type { Container } from 'inversify';
import { MongoReservationLedger } from '../../adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoAlertLog } from '../../adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import { agreesOnAuditKey } from '../../adapters/outbound/mongo/audit/agree-on-audit-key.ts';
import type { ChainWriter } from '../../adapters/outbound/mongo/audit/chain-end.ts';
import { type AuditStore, openAuditStore } from '../../adapters/outbound/mongo/audit/open-audit-store.ts';
import { MongoAgentEventStore } from '../../adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../adapters/outbound/mongo/control/mongo-policy-store.ts';
import { openIdentityStore } from '../../adapters/outbound/mongo/identity/open-identity-store.ts';
import { MongoStore } from '../../adapters/outbound/mongo/mongo-store.ts';
import { MongoSubscriberDirectory } from '../../adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import { openStreamingStore } from '../../adapters/outbound/mongo/streaming/open-streaming-store.ts';
import type { Log } from '../../application/ports/log.ts';
import { chainWriterOf } from '../audit-keys.ts';
import { ConfigError } from '../configuration/config-error.ts';
import type { ConnectionUrl } from '../configuration/connection-url.ts';
import { tellOfIndexes } from '../index-telling.ts';
import { OperatorError } from '../operator-error.ts';
import { ALERT_LOG } from '../tokens/alerts.ts';
import { AGENT_EVENTS, MCP_INVENTORIES, POLICY_STORE } from '../tokens/control.ts';
import { SUBSCRIBERS } from '../tokens/multiplexing.ts';
import {
  API_KEYS,
  AUDIT_LOG,
  CHATS,
  EVENT_LOG,
  LEDGER,
  LOGIN_SESSIONS,
  REVOCATIONS,
  SIGNING_KEYS,
  STREAMS,
  TICKETS,
  USERS,
} from '../tokens.ts';
import { type FleetClock, startFleetClock } from './fleet-clock.ts';
import { bindFleetRedis, type FleetRedis, openFleetRedis } from './fleet-redis.ts';
import type { OpenStore, StoreConfig, Telling } from './store.ts';

/** The configuration of a node on a MongoDB. */
type FleetConfig = StoreConfig & { readonly 'mongodb.url': ConnectionUrl };

/**
 * Opens the store that the nodes of a fleet share. Nothing of it is in the data folder.
 *
 * @throws OperatorError with a sentence when there is no MongoDB, or what it holds is of another version; ConfigError
 *   when the audit key cannot be used.
 */
export async function openFleetStore(config: FleetConfig, telling: Telling): Promise<OpenStore> {
  const { log } = telling;
  const writer = chainWriterOf(config);
  const store = await connect(config['mongodb.url'], log);
  const { redis, time } = await surroundings(config, store, writer, telling);
  const { clock } = time;
  const audit = openAuditStore(
    store,
    writer,
    () => clock.nowMs(),
    (error) => log.warn({ err: error }, 'what was recorded could not be chained, and will be later'),
  );
  const ledger = new MongoReservationLedger(store, {
    audit: audit.outbox,
    onFailure: (error) =>
      log.warn({ err: error }, 'what accounts have to tell could not be handed on, and will be later'),
  });
  audit.log.readsAfter(() => ledger.handOn());
  return {
    clock,
    wanted: redis.wanted,
    needed: { store: () => store.ping() },
    // A database that is away may come back.
    lost: new Promise(() => undefined),
    bind: async (container) => {
      bindFleetStore(container, store, ledger, audit);
      bindFleetRedis(container, store, redis);
    },
    close: async () => {
      time.stop();
      redis.close();
      await ledger.close();
      await audit.close();
      await store.close();
    },
  };
}

/** What a node needs beside the database itself; without it the database is let go of. */
async function surroundings(
  config: FleetConfig,
  store: MongoStore,
  writer: ChainWriter,
  telling: Telling,
): Promise<{ readonly redis: FleetRedis; readonly time: FleetClock }> {
  try {
    if (!(await agreesOnAuditKey(store, writer.keys))) throw otherAuditKey();
    const time = await startFleetClock(store, telling.log);
    // Last of all, since nobody closes the connections that are made from here on when something fails after it.
    const redis = await openFleetRedis(config['redis.url'], store, telling, writer.keys).catch((error) => {
      time.stop();
      throw error;
    });
    return { redis, time };
  } catch (error) {
    await store.close();
    throw error instanceof OperatorError || error instanceof ConfigError
      ? error
      : unusable(config['mongodb.url'], error);
  }
}

const otherAuditKey = (): ConfigError =>
  new ConfigError([
    'audit.keyFile: the nodes of this store sign with a key that is not in it; name the same file for every node. Where that key is lost, delete "audit-key" from the collection "meta".',
  ]);

async function connect(url: ConnectionUrl, log: Log): Promise<MongoStore> {
  try {
    return await MongoStore.open(url.reveal(), { telling: tellOfIndexes(log) });
  } catch (error) {
    throw unusable(url, error);
  }
}

function unusable(url: ConnectionUrl, cause: unknown): OperatorError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(3, `The store in ${url} cannot be opened: ${reason}`, { cause });
}

/** Binds every store to one database. */
function bindFleetStore(
  container: Container,
  store: MongoStore,
  ledger: MongoReservationLedger,
  audit: AuditStore,
): void {
  const { chats, streams, events } = openStreamingStore(store, audit.recordActs);
  const identity = openIdentityStore(store, audit.recordActs);
  container.bind(ALERT_LOG).toConstantValue(new MongoAlertLog(store));
  container.bind(AUDIT_LOG).toConstantValue(audit.log);
  container.bind(CHATS).toConstantValue(chats);
  container.bind(STREAMS).toConstantValue(streams);
  container.bind(EVENT_LOG).toConstantValue(events);
  container.bind(SUBSCRIBERS).toConstantValue(new MongoSubscriberDirectory(store, audit.recordActs));
  container.bind(AGENT_EVENTS).toConstantValue(new MongoAgentEventStore(store, audit.recordActs));
  container.bind(POLICY_STORE).toConstantValue(new MongoPolicyStore(store, audit.recordActs));
  container.bind(MCP_INVENTORIES).toConstantValue(new MongoMcpInventories(store));
  container.bind(LEDGER).toConstantValue(ledger);
  container.bind(USERS).toConstantValue(identity.users);
  container.bind(API_KEYS).toConstantValue(identity.apiKeys);
  container.bind(TICKETS).toConstantValue(identity.tickets);
  container.bind(LOGIN_SESSIONS).toConstantValue(identity.sessions);
  container.bind(REVOCATIONS).toConstantValue(identity.revocations);
  container.bind(SIGNING_KEYS).toConstantValue(identity.signingKeys);
}
