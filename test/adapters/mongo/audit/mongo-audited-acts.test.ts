import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { openIdentityStore } from '../../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { describeAuditedAccounts, describeAuditedUse } from '../../../contracts/audited-acts.ts';
import { auditStore } from '../../../support/fleet-audit.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('the stores of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  before(async () => {
    temporary = await temporaryMongo();
  });
  after(() => temporary.remove());

  const create = async () => {
    const { store } = temporary;
    const audit = auditStore(store);
    const ledger = new MongoReservationLedger(store, { audit: audit.outbox });
    audit.log.readsAfter(() => ledger.handOn());
    return {
      log: audit.log,
      ledger,
      ...openIdentityStore(store, audit.recordActs),
      chats: openStreamingStore(store, audit.recordActs).chats,
      close: async () => {
        await ledger.close();
        await audit.close();
        await temporary.clear();
      },
    };
  };

  describeAuditedAccounts('MongoDB', create);
  describeAuditedUse('MongoDB', create);
});
