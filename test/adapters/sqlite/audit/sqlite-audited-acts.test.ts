import { SqliteReservationLedger } from '../../../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { SqliteAuditLog } from '../../../../src/adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { SqliteApiKeyRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-api-key-repository.ts';
import { SqliteLoginSessionRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-login-session-repository.ts';
import { SqliteUserRepository } from '../../../../src/adapters/outbound/sqlite/identity/sqlite-user-repository.ts';
import { SqliteChatRepository } from '../../../../src/adapters/outbound/sqlite/streaming/sqlite-chat-repository.ts';
import { describeAuditedAccounts, describeAuditedUse } from '../../../contracts/audited-acts.ts';
import { temporaryStore } from '../../../support/temporary-store.ts';

const create = async () => {
  const temporary = await temporaryStore();
  const { store } = temporary;
  return {
    log: new SqliteAuditLog(store),
    users: new SqliteUserRepository(store),
    sessions: new SqliteLoginSessionRepository(store),
    apiKeys: new SqliteApiKeyRepository(store),
    ledger: new SqliteReservationLedger(store),
    chats: new SqliteChatRepository(store),
    close: () => temporary.remove(),
  };
};

describeAuditedAccounts('the embedded store', create);
describeAuditedUse('the embedded store', create);
