import { expect } from 'chai';
import { startMongodb } from '../../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../../scripts/services/own-server.ts';
import { decideTransaction } from '../../../../src/adapters/outbound/mongo/decide.ts';
import type { AuditRecord } from '../../../../src/domain/audit/audit-record.ts';
import { eventually } from '../../../support/eventually.ts';
import { auditRecords, auditStore, expectWholeLog, wholeAudit } from '../../../support/fleet-audit.ts';
import { insist } from '../../../support/insist.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const CALLERS = 8;
const ACTS_EACH = 30;
const KILLS = 3;

describe('an audit log whose server is killed and started over', function () {
  this.timeout(180_000);
  let server: OwnServer;
  let mongo: TemporaryMongo;
  before(async () => {
    server = await startMongodb();
    mongo = await temporaryMongo(server.url);
  });
  after(async () => {
    await mongo.remove();
    await server.stop();
  });

  it('has what was acknowledged, each record once, and one chain for each node', async () => {
    const nodes = [auditStore(mongo.store), auditStore(mongo.store)];
    const acknowledged: string[] = [];
    const callers = Array.from({ length: CALLERS }, async (_, caller) => {
      const { log, recordActs } = nodes[caller % nodes.length] as (typeof nodes)[0];
      for (let number = 0; number < ACTS_EACH; number += 1) {
        const object = `${caller}-${number}`;
        const records: readonly AuditRecord[] = [{ act: 'test.done', outcome: 'done', object }];
        if (number % 2 === 0) await insist(() => log.append(records));
        else {
          const marks = mongo.store.collection<{ _id: string }>('chats');
          await insist(() =>
            decideTransaction<true>(mongo.store, {
              attempt: async (session) => {
                await marks.insertOne({ _id: object }, { session });
                await recordActs(records, session);
                return true;
              },
              known: async () => ((await marks.findOne({ _id: object })) === null ? undefined : true),
            }),
          );
        }
        acknowledged.push(object);
      }
    });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const from = acknowledged.length;
      await eventually(async () => expect(acknowledged.length).to.be.at.least(from + CALLERS), 60_000);
      await server.kill();
      await server.restart();
    }
    await Promise.all(callers);
    for (const node of nodes) {
      await insist(() => node.log.read({ afterCursor: 0, limit: 1 }));
      await node.close();
    }
    const entries = await wholeAudit(mongo.store);
    expect(auditRecords(entries).map(({ object }) => object)).to.have.members(acknowledged);
    expect(acknowledged).to.have.length(CALLERS * ACTS_EACH);
    expect(new Set(entries.map(({ chain }) => chain))).to.have.length(nodes.length);
    await expectWholeLog(mongo.store);
  });
});
