import type { Container } from 'inversify';
import { MemoryReservationLedger } from '../../adapters/outbound/memory/accounting/memory-reservation-ledger.ts';
import { MemoryAlertLog } from '../../adapters/outbound/memory/alerts/memory-alert-log.ts';
import { MemoryAuditLog } from '../../adapters/outbound/memory/audit/memory-audit-log.ts';
import { MemoryAgentEventStore } from '../../adapters/outbound/memory/control/memory-agent-event-store.ts';
import { MemoryMcpInventories } from '../../adapters/outbound/memory/control/memory-mcp-inventories.ts';
import { MemoryPolicyStore } from '../../adapters/outbound/memory/control/memory-policy-store.ts';
import { MemoryApiKeyRepository } from '../../adapters/outbound/memory/identity/memory-api-key-repository.ts';
import { MemoryLoginSessionRepository } from '../../adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemoryRevocationLog } from '../../adapters/outbound/memory/identity/memory-revocation-log.ts';
import { MemorySigningKeyRepository } from '../../adapters/outbound/memory/identity/memory-signing-key-repository.ts';
import { MemoryTicketRepository } from '../../adapters/outbound/memory/identity/memory-ticket-repository.ts';
import { MemoryUserRepository } from '../../adapters/outbound/memory/identity/memory-user-repository.ts';
import { MemorySubscriberDirectory } from '../../adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { MemoryChatRepository } from '../../adapters/outbound/memory/streaming/memory-chat-repository.ts';
import { MemoryEventLog } from '../../adapters/outbound/memory/streaming/memory-event-log.ts';
import { MemoryStreamRepository } from '../../adapters/outbound/memory/streaming/memory-stream-repository.ts';
import { MemoryStreamingStore } from '../../adapters/outbound/memory/streaming/memory-streaming-store.ts';
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

/** Binds every store to memory: for the API document and for tests, where nothing has to last. */
export function bindMemoryStore(container: Container): void {
  const audit = new MemoryAuditLog();
  const streaming = new MemoryStreamingStore(audit);
  const revocations = new MemoryRevocationLog();
  const sessions = new MemoryLoginSessionRepository(revocations, audit);
  const apiKeys = new MemoryApiKeyRepository(revocations, audit);
  container.bind(ALERT_LOG).toConstantValue(new MemoryAlertLog());
  container.bind(AUDIT_LOG).toConstantValue(audit);
  container.bind(CHATS).toConstantValue(new MemoryChatRepository(streaming));
  container.bind(STREAMS).toConstantValue(new MemoryStreamRepository(streaming));
  container.bind(EVENT_LOG).toConstantValue(new MemoryEventLog(streaming));
  container.bind(SUBSCRIBERS).toConstantValue(new MemorySubscriberDirectory(audit));
  container.bind(AGENT_EVENTS).toConstantValue(new MemoryAgentEventStore(audit));
  container.bind(POLICY_STORE).toConstantValue(new MemoryPolicyStore(audit));
  container.bind(MCP_INVENTORIES).toConstantValue(new MemoryMcpInventories());
  bindPassingThings(container);
  container.bind(LEDGER).toConstantValue(new MemoryReservationLedger(audit));
  container.bind(USERS).toConstantValue(new MemoryUserRepository(sessions, apiKeys, revocations, audit));
  container.bind(API_KEYS).toConstantValue(apiKeys);
  container.bind(TICKETS).toConstantValue(new MemoryTicketRepository());
  container.bind(LOGIN_SESSIONS).toConstantValue(sessions);
  container.bind(REVOCATIONS).toConstantValue(revocations);
  container.bind(SIGNING_KEYS).toConstantValue(new MemorySigningKeyRepository());
}
