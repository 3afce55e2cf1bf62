import { expect } from 'chai';
import {
  ALERTS,
  type AlertDocument,
} from '../../../../src/adapters/outbound/mongo/alerts/alert-documents.ts';
import { MongoAlertLog } from '../../../../src/adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import type { AlertId } from '../../../../src/domain/alerts/alert.ts';
import { describeAlertLog, KEPT } from '../../../contracts/alert-log.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import { owner } from '../../../support/subscriber-builders.ts';

describe('the log of alerts of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  before(async () => {
    temporary = await temporaryMongo();
  });
  after(() => temporary.remove());
  beforeEach(() => temporary.clear());

  describeAlertLog('MongoAlertLog', async () => new MongoAlertLog(temporary.store, KEPT));

  it('goes on behind the alerts of a store that was moved here', async () => {
    const moved = { _id: 'moved' as AlertId, seq: 41, marks: [], kind: 'claims.refused' as const };
    const facts = { principal: owner(1), atMs: T0, untilMs: T0 + 1, count: 1, detail: '' };
    await temporary.store.collection<AlertDocument>(ALERTS).insertOne({ ...moved, ...facts });
    const log = new MongoAlertLog(temporary.store);
    const raise = {
      kind: 'takeover.refused',
      principal: owner(2),
      atMs: T0,
      windowMs: 9,
      count: 1,
      detail: '',
    } as const;
    expect((await log.raise({ ...raise, id: 'one' as AlertId })).seq).to.equal(42);
    expect((await log.raise({ ...raise, principal: owner(3), id: 'two' as AlertId })).seq).to.equal(43);
  });
});
