import { SqliteLoginSessionRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-login-session-repository.ts';
import { SqliteRevocationLog } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-revocation-log.ts';
import { SqliteSigningKeyRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-signing-key-repository.ts';
import { SqliteUserRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-user-repository.ts';
import { describeLoginSessionRepository } from '../../../contracts/login-session-repository.ts';
import { describeRevocationLog } from '../../../contracts/revocation-log.ts';
import { describeSigningKeyRepository } from '../../../contracts/signing-key-repository.ts';
import { describeUserRepository } from '../../../contracts/user-repository.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

describe('the embedded identity stores', () => {
  let temporary: TemporaryStore;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());
  const close = async (): Promise<void> => temporary.clear();

  describeUserRepository('SqliteUserRepository', async () => ({
    users: new SqliteUserRepository(temporary.store),
    sessions: new SqliteLoginSessionRepository(temporary.store),
    revocations: new SqliteRevocationLog(temporary.store),
    close,
  }));

  describeLoginSessionRepository('SqliteLoginSessionRepository', async () => ({
    sessions: new SqliteLoginSessionRepository(temporary.store),
    revocations: new SqliteRevocationLog(temporary.store),
    close,
  }));

  describeRevocationLog('SqliteRevocationLog', async () => ({
    users: new SqliteUserRepository(temporary.store),
    sessions: new SqliteLoginSessionRepository(temporary.store),
    revocations: new SqliteRevocationLog(temporary.store),
    close,
  }));

  describeSigningKeyRepository('SqliteSigningKeyRepository', async () => ({
    keys: new SqliteSigningKeyRepository(temporary.store),
    close,
  }));
});
