import { MemoryLoginSessionRepository } from '../../../../src/adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemorySigningKeyRepository } from '../../../../src/adapters/outbound/memory/identity/memory-signing-key-repository.ts';
import { MemoryUserRepository } from '../../../../src/adapters/outbound/memory/identity/memory-user-repository.ts';
import { describeLoginSessionRepository } from '../../../contracts/login-session-repository.ts';
import { describeSigningKeyRepository } from '../../../contracts/signing-key-repository.ts';
import { describeUserRepository } from '../../../contracts/user-repository.ts';

const close = async (): Promise<void> => {};

describeUserRepository('MemoryUserRepository', async () => {
  const sessions = new MemoryLoginSessionRepository();
  return { users: new MemoryUserRepository(sessions), sessions, close };
});

describeLoginSessionRepository('MemoryLoginSessionRepository', async () => ({
  sessions: new MemoryLoginSessionRepository(),
  close,
}));

describeSigningKeyRepository('MemorySigningKeyRepository', async () => ({
  keys: new MemorySigningKeyRepository(),
  close,
}));
