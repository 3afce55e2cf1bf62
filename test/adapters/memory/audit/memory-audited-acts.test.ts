import { MemoryReservationLedger } from '../../../../src/adapters/outbound/memory/accounting/memory-reservation-ledger.ts';
import { MemoryAuditLog } from '../../../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import { MemoryApiKeyRepository } from '../../../../src/adapters/outbound/memory/identity/memory-api-key-repository.ts';
import { MemoryLoginSessionRepository } from '../../../../src/adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemoryUserRepository } from '../../../../src/adapters/outbound/memory/identity/memory-user-repository.ts';
import { MemoryChatRepository } from '../../../../src/adapters/outbound/memory/streaming/memory-chat-repository.ts';
import { MemoryStreamingStore } from '../../../../src/adapters/outbound/memory/streaming/memory-streaming-store.ts';
import { describeAuditedAccounts, describeAuditedUse } from '../../../contracts/audited-acts.ts';

const create = async () => {
  const log = new MemoryAuditLog();
  const sessions = new MemoryLoginSessionRepository(undefined, log);
  const apiKeys = new MemoryApiKeyRepository(undefined, log);
  return {
    log,
    sessions,
    apiKeys,
    users: new MemoryUserRepository(sessions, apiKeys, undefined, log),
    ledger: new MemoryReservationLedger(log),
    chats: new MemoryChatRepository(new MemoryStreamingStore(log)),
    close: async () => {},
  };
};

describeAuditedAccounts('memory', create);
describeAuditedUse('memory', create);
