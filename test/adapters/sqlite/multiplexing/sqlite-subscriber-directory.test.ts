import { SqliteAuditLog } from '../../../../src/adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { SqliteSubscriberDirectory } from '../../../../src/adapters/outbound/sqlite/multiplexing/sqlite-subscriber-directory.ts';
import { actsOf, describeSubscriberDirectory } from '../../../contracts/subscriber-directory.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

describe('the embedded directory of subscribers', () => {
  let temporary: TemporaryStore;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());

  describeSubscriberDirectory('SqliteSubscriberDirectory', async () => {
    temporary.clear();
    const audit = new SqliteAuditLog(temporary.store);
    const before = (await actsOf(audit)).length;
    return {
      directory: new SqliteSubscriberDirectory(temporary.store),
      acts: async () => (await actsOf(audit)).slice(before),
    };
  });
});
