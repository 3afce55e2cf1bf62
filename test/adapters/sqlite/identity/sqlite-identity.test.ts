import { SqliteApiKeyRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-api-key-repository.ts';
import { SqliteLoginSessionRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-login-session-repository.ts';
import { SqliteRevocationLog } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-revocation-log.ts';
import { SqliteSigningKeyRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-signing-key-repository.ts';
import { SqliteTicketRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-ticket-repository.ts';
import { SqliteUserRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-user-repository.ts';
import { describeApiKeyRepository } from '../../../contracts/api-key-repository.ts';
import { describeLoginSessionRepository } from '../../../contracts/login-session-repository.ts';
import { describeRevocationLog } from '../../../contracts/revocation-log.ts';
import { describeSigningKeyRepository } from '../../../contracts/signing-key-repository.ts';
import { describeTicketRepository } from '../../../contracts/ticket-repository.ts';
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
    apiKeys: new SqliteApiKeyRepository(temporary.store),
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

  describeApiKeyRepository('SqliteApiKeyRepository', async () => ({
    apiKeys: new SqliteApiKeyRepository(temporary.store),
    revocations: new SqliteRevocationLog(temporary.store),
    close,
  }));

  describeTicketRepository('SqliteTicketRepository', async () => ({
    tickets: new SqliteTicketRepository(temporary.store),
    close,
  }));

  describeSigningKeyRepository('SqliteSigningKeyRepository', async () => ({
    keys: new SqliteSigningKeyRepository(temporary.store),
    close,
  }));
});
