import { describeAuditLog } from '../../../contracts/audit-log.ts';
import { auditStore } from '../../../support/fleet-audit.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('the audit log of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  before(async () => {
    temporary = await temporaryMongo();
  });
  after(() => temporary.remove());

  describeAuditLog('MongoAuditLog', async () => {
    const audit = auditStore(temporary.store);
    return {
      log: audit.log,
      close: async () => {
        await audit.close();
        await temporary.clear();
      },
    };
  });
});
