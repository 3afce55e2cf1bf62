import { MemoryApiKeyRepository } from '../../../../src/adapters/outbound/memory/identity/memory-api-key-repository.ts';
import { MemoryLoginSessionRepository } from '../../../../src/adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemoryRevocationLog } from '../../../../src/adapters/outbound/memory/identity/memory-revocation-log.ts';
import { MemorySigningKeyRepository } from '../../../../src/adapters/outbound/memory/identity/memory-signing-key-repository.ts';
import { MemoryTicketRepository } from '../../../../src/adapters/outbound/memory/identity/memory-ticket-repository.ts';
import { MemoryUserRepository } from '../../../../src/adapters/outbound/memory/identity/memory-user-repository.ts';
import { describeApiKeyRepository } from '../../../contracts/api-key-repository.ts';
import { describeLoginSessionRepository } from '../../../contracts/login-session-repository.ts';
import { describeRevocationLog } from '../../../contracts/revocation-log.ts';
import { describeSigningKeyRepository } from '../../../contracts/signing-key-repository.ts';
import { describeTicketRepository } from '../../../contracts/ticket-repository.ts';
import { describeUserRepository } from '../../../contracts/user-repository.ts';

const close = async (): Promise<void> => {};

const create = async () => {
  const revocations = new MemoryRevocationLog();
  const sessions = new MemoryLoginSessionRepository(revocations);
  const apiKeys = new MemoryApiKeyRepository(revocations);
  const users = new MemoryUserRepository(sessions, apiKeys, revocations);
  return { users, sessions, apiKeys, revocations, close };
};

describeUserRepository('MemoryUserRepository', create);
describeLoginSessionRepository('MemoryLoginSessionRepository', create);
describeApiKeyRepository('MemoryApiKeyRepository', create);
describeRevocationLog('MemoryRevocationLog', create);

describeSigningKeyRepository('MemorySigningKeyRepository', async () => ({
  keys: new MemorySigningKeyRepository(),
  close,
}));

describeTicketRepository('MemoryTicketRepository', async () => ({
  tickets: new MemoryTicketRepository(),
  close,
}));
