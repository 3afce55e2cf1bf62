import type { Container } from 'inversify';
import { SqliteReservationLedger } from '../../adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { SqliteAlertLog } from '../../adapters/outbound/sqlite/alerts/sqlite-alert-log.ts';
import { SqliteAuditLog } from '../../adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { keepClockMark, readClockMark, writeClockMark } from '../../adapters/outbound/sqlite/clock-mark.ts';
import { SqliteAgentEventStore } from '../../adapters/outbound/sqlite/control/sqlite-agent-event-store.ts';
import { SqliteMcpInventories } from '../../adapters/outbound/sqlite/control/sqlite-mcp-inventories.ts';
import { SqlitePolicyStore } from '../../adapters/outbound/sqlite/control/sqlite-policy-store.ts';
import { DataFolderRefused } from '../../adapters/outbound/sqlite/data-folder.ts';
import { SqliteApiKeyRepository } from '../../adapters/outbound/sqlite/identity/sqlite-api-key-repository.ts';
import { SqliteLoginSessionRepository } from '../../adapters/outbound/sqlite/identity/sqlite-login-session-repository.ts';
import { SqliteRevocationLog } from '../../adapters/outbound/sqlite/identity/sqlite-revocation-log.ts';
import { SqliteSigningKeyRepository } from '../../adapters/outbound/sqlite/identity/sqlite-signing-key-repository.ts';
import { SqliteTicketRepository } from '../../adapters/outbound/sqlite/identity/sqlite-ticket-repository.ts';
import { SqliteUserRepository } from '../../adapters/outbound/sqlite/identity/sqlite-user-repository.ts';
import { readMoveMark, writeMoveMark } from '../../adapters/outbound/sqlite/migration/move-mark-file.ts';
import { SqliteSubscriberDirectory } from '../../adapters/outbound/sqlite/multiplexing/sqlite-subscriber-directory.ts';
import { SqliteStore } from '../../adapters/outbound/sqlite/sqlite-store.ts';
import { openStreamingStore } from '../../adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { SystemClock } from '../../adapters/outbound/system/system-clock.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { Log } from '../../application/ports/log.ts';
import { auditWriterOf, type StoreSettings } from '../audit-keys.ts';
import { ConfigError } from '../configuration/config-error.ts';
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
import { bindPassingThings } from './passing-things.ts';
import type { OpenStore, Telling } from './store.ts';

/** A store's mark this far ahead of the system's clock is told to the operator, in milliseconds. */
const NOTEWORTHY_AHEAD_MS = 60_000;

/** How long a look at the store holds, in milliseconds: whoever asks more often makes it write no more often. */
const LOOK_MS = 1_000;

/**
 * Opens the embedded store of a data folder.
 *
 * @throws OperatorError with a sentence when the folder is taken, open to others, or of another version; ConfigError
 *   when the audit key cannot be used.
 */
export async function openEmbeddedStore(settings: StoreSettings, { log }: Telling): Promise<OpenStore> {
  refuseMoved(settings, log);
  const store = await openDatabase(settings);
  try {
    const clock = await clockOf(store, log);
    return {
      clock,
      needed: { store: storeProbe(store, clock) },
      wanted: {},
      lost: store.lost,
      bind: (container) => bindEmbeddedStore(container, store, log),
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * A store that has moved is served where it is now: what was written here would never get there.
 *
 * @throws OperatorError with a sentence, unless the store is taken back.
 */
function refuseMoved({ data, takeBack }: StoreSettings, log: Log): void {
  const mark = readMoveMark(data);
  if (mark === undefined) return;
  const { to, isComplete } = mark;
  if (!takeBack) {
    throw new OperatorError(
      2,
      isComplete
        ? `The store in ${data} has moved to ${to}: serve that (MONGODB_URL). --take-back serves this one all the same; nothing brings the two together again.`
        : `The store in ${data} is being moved to ${to}: run holdfast migrate again, or --take-back, and drop that database.`,
    );
  }
  writeMoveMark(data, undefined);
  log.warn({ to }, 'this store was moved and is taken back: nothing brings it together with the other again');
}

/**
 * Opens the database of a data folder, whoever is to have it.
 *
 * @throws OperatorError or ConfigError as `openEmbeddedStore` does.
 */
export async function openDatabase(settings: StoreSettings): Promise<SqliteStore> {
  const dataDir = settings.data;
  try {
    return await SqliteStore.open(dataDir, undefined, () => auditWriterOf(settings));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof DataFolderRefused) {
      throw new OperatorError(error.kind === 'unfit' ? 2 : 3, error.message, { cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(3, `The store in ${dataDir} cannot be opened: ${reason}`, { cause: error });
  }
}

/** The clock of whoever owns a store: it goes on from the latest time that the store has seen, across restarts. */
export async function clockOf(store: SqliteStore, log: Log): Promise<Clock> {
  const systemMs = new SystemClock().nowMs();
  const markMs = await readClockMark(store);
  if (markMs - systemMs > NOTEWORTHY_AHEAD_MS) {
    const told = { storeTime: new Date(markMs).toISOString(), systemTime: new Date(systemMs).toISOString() };
    log.warn(
      told,
      "the store has seen a later time than the system's clock shows: time goes on from there, at half speed until the system's clock has caught up",
    );
  }
  const clock = new SystemClock(markMs);
  keepClockMark(store, clock);
  return clock;
}

/** Looks whether a store can be written: one that can only be read serves nobody for long. */
function storeProbe(store: SqliteStore, clock: Clock): () => Promise<void> {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let look = Promise.resolve();
  return () => {
    const nowMs = clock.nowMs();
    if (nowMs - lookedAtMs >= LOOK_MS) {
      lookedAtMs = nowMs;
      look = writeClockMark(store, clock);
    }
    return look;
  };
}

/** Binds every store to one embedded database. */
export async function bindEmbeddedStore(container: Container, store: SqliteStore, log: Log): Promise<void> {
  const { chats, streams, events } = await openStreamingStore(store);
  container.bind(ALERT_LOG).toConstantValue(new SqliteAlertLog(store));
  container.bind(AUDIT_LOG).toConstantValue(new SqliteAuditLog(store));
  container.bind(CHATS).toConstantValue(chats);
  container.bind(STREAMS).toConstantValue(streams);
  container.bind(EVENT_LOG).toConstantValue(events);
  container.bind(SUBSCRIBERS).toConstantValue(new SqliteSubscriberDirectory(store));
  container.bind(AGENT_EVENTS).toConstantValue(agentEventsOf(store, log));
  container.bind(POLICY_STORE).toConstantValue(new SqlitePolicyStore(store));
  container.bind(MCP_INVENTORIES).toConstantValue(new SqliteMcpInventories(store));
  bindPassingThings(container);
  container.bind(LEDGER).toConstantValue(new SqliteReservationLedger(store));
  container.bind(USERS).toConstantValue(new SqliteUserRepository(store));
  container.bind(API_KEYS).toConstantValue(new SqliteApiKeyRepository(store));
  container.bind(TICKETS).toConstantValue(new SqliteTicketRepository(store));
  container.bind(LOGIN_SESSIONS).toConstantValue(new SqliteLoginSessionRepository(store));
  container.bind(REVOCATIONS).toConstantValue(new SqliteRevocationLog(store));
  container.bind(SIGNING_KEYS).toConstantValue(new SqliteSigningKeyRepository(store));
}

function agentEventsOf(store: SqliteStore, log: Log): SqliteAgentEventStore {
  const events = new SqliteAgentEventStore(store);
  events.onUnlisted = (err) => {
    log.warn(
      { err },
      "agents' events could not be put into their lists; it is tried again with the next ones",
    );
  };
  return events;
}
