import { expect } from 'chai';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import type { AuditStore } from '../../../../src/adapters/outbound/mongo/audit/open-audit-store.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import type { AuditRecord } from '../../../../src/domain/audit/audit-record.ts';
import { expectFault } from '../../../support/faults.ts';
import { auditRecords, auditStore, expectWholeLog, wholeAudit } from '../../../support/fleet-audit.ts';
import { insist } from '../../../support/insist.ts';
import { act, aGrant, credits, user } from '../../../support/ledger-builders.ts';
import { type Cut, MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import { ANNA, aChat, chatId } from '../../../support/stream-builders.ts';

/** The commands by which acts are recorded and chained. */
const COMMANDS = [
  'insert audit_log',
  'find audit_log',
  'insert audit_pending',
  'find audit_pending',
  'delete audit_pending',
  'update audit_anchors',
];

const record = (object: string): AuditRecord => ({ act: 'test.done', outcome: 'done', object });

describe('an audit log whose connections break', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  afterEach(() => mongo.clear());
  after(() => mongo.remove());

  /** A node whose commands pass as `decide` says. */
  async function onNode(
    decide: (command: string) => Cut,
    use: (audit: AuditStore, store: MongoStore) => Promise<void>,
  ): Promise<void> {
    const proxy = new MongoProxy(mongo.url, ({ name, collection }) => decide(`${name} ${collection}`));
    const store = await MongoStore.open(await proxy.listen());
    const audit = auditStore(store);
    try {
      await use(audit, store);
    } finally {
      await audit.close();
      await store.close();
      await proxy.close();
    }
  }
  const recorded = async (): Promise<unknown[]> =>
    auditRecords(await wholeAudit(mongo.store)).map(({ object }) => object);

  for (const command of COMMANDS) {
    for (const cut of ['before', 'after'] as const) {
      // The driver itself tries a command twice: three breaks in a row are what it cannot hide.
      for (const times of [1, 3]) {
        const often = times === 1 ? 'once' : 'three times';
        it(`has each act once when the connection breaks ${often} ${cut} it sends ${command}`, async () => {
          let left = 0;
          const decide = (passing: string): Cut => {
            if (left === 0 || passing !== command) return 'pass';
            left -= 1;
            return cut;
          };
          await onNode(decide, async (audit, store) => {
            left = times;
            await everyKindOfAct(audit, store);
            expect(left, 'breaks that were not met').to.be.below(times);
          });
          expect(await recorded()).to.have.members(['1', '2', '3', '4']);
          await expectWholeLog(mongo.store);
        });
      }
    }
  }

  it('says that it does not know, and has the record once when it is given again', async () => {
    let isAway = false;
    let isCut = false;
    const decide = (passing: string): Cut => {
      if (isAway) return 'before';
      if (passing !== 'insert audit_log' || !isCut) return 'pass';
      isAway = true;
      return 'after';
    };
    await onNode(decide, async (audit) => {
      await audit.log.append([record('1')]);
      isCut = true;
      const doubtful = [record('2'), record('3')];
      await expectFault(audit.log.append(doubtful), 'timeout');
      await expectFault(audit.log.append([record('4')]), 'unavailable');
      await expectFault(audit.log.read({ afterCursor: 0, limit: 1 }), 'unavailable');
      [isAway, isCut] = [false, false];
      await audit.log.append([...doubtful, record('5')]);
      await audit.log.append([record('6')]);
    });
    expect(await recorded()).to.deep.equal(['1', '2', '3', '5', '6']);
    expect(new Set((await wholeAudit(mongo.store)).map(({ chain }) => chain))).to.have.length(1);
    await expectWholeLog(mongo.store);
  });
});

/** Acts that are recorded by themselves, in a transaction and with an account, and an anchor after them. */
async function everyKindOfAct(audit: AuditStore, store: MongoStore): Promise<void> {
  const ledger = new MongoReservationLedger(store, { audit: audit.outbox });
  const { chats } = openStreamingStore(store, audit.recordActs);
  audit.log.readsAfter(() => ledger.handOn());
  const first = [record('1')];
  await insist(() => audit.log.append(first));
  await insist(() => chats.add(aChat(1), undefined, 10));
  await insist(() => chats.remove(ANNA, chatId(1), [record('2')]));
  const grant = aGrant({ amountMicros: credits(1) });
  await insist(() => ledger.grant(user(1), grant, { ...act(), audit: [record('3')] }));
  await insist(() => audit.log.read({ afterCursor: 0, limit: 10 }));
  await insist(() => audit.log.anchor());
  const last = [record('4')];
  await insist(() => audit.log.append(last));
  await ledger.close();
}
