import { SqliteAlertLog } from '../../../../src/adapters/outbound/sqlite/alerts/sqlite-alert-log.ts';
import { describeAlertLog, KEPT } from '../../../contracts/alert-log.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

describe('the embedded log of alerts', () => {
  let temporary: TemporaryStore;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());

  describeAlertLog('SqliteAlertLog', async () => {
    temporary.clear();
    return new SqliteAlertLog(temporary.store, KEPT);
  });
});
