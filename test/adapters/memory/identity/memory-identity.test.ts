import { MemoryLoginSessionRepository } from '../../../../src/adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemoryRevocationLog } from '../../../../src/adapters/outbound/memory/identity/memory-revocation-log.ts';
import { MemorySigningKeyRepository } from '../../../../src/adapters/outbound/memory/identity/memory-signing-key-repository.ts';
import { MemoryUserRepository } from '../../../../src/adapters/outbound/memory/identity/memory-user-repository.ts';
import { describeLoginSessionRepository } from '../../../contracts/login-session-repository.ts';
import { describeRevocationLog } from '../../../contracts/revocation-log.ts';
import { describeSigningKeyRepository } from '../../../contracts/signing-key-repository.ts';
import { describeUserRepository } from '../../../contracts/user-repository.ts';

const close = async (): Promise<void> => {};

const create = async () => {
  const revocations = new MemoryRevocationLog();
  const sessions = new MemoryLoginSessionRepository(revocations);
  return { users: new MemoryUserRepository(sessions, revocations), sessions, revocations, close };
};

describeUserRepository('MemoryUserRepository', create);
describeLoginSessionRepository('MemoryLoginSessionRepository', create);
describeRevocationLog('MemoryRevocationLog', create);

describeSigningKeyRepository('MemorySigningKeyRepository', async () => ({
  keys: new MemorySigningKeyRepository(),
  close,
}));
