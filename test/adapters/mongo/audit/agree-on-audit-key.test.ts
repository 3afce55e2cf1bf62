import { expect } from 'chai';
import { agreesOnAuditKey } from '../../../../src/adapters/outbound/mongo/audit/agree-on-audit-key.ts';
import type { Authenticate } from '../../../../src/domain/audit/audit-chain.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

/** Stands for the code of a text under a key. */
const under =
  (key: string): Authenticate =>
  (text) =>
    `${key}:${text}`;
const [old, fresh, foreign] = [under('old'), under('new'), under('foreign')];

describe('the audit key of the nodes of a store', function () {
  this.timeout(30_000);
  let mongo: TemporaryMongo;

  beforeEach(async () => {
    mongo = await temporaryMongo();
  });
  afterEach(() => mongo.remove());

  it('is that of one of those who come first at once, and of nobody else', async () => {
    const agreed = await Promise.all([old, fresh].map((key) => agreesOnAuditKey(mongo.store, [key])));
    expect(agreed.filter(Boolean)).to.have.length(1);
    expect(await agreesOnAuditKey(mongo.store, [foreign])).to.equal(false);
  });

  it('is exchanged by files that have both, below and then above, and node by node', async () => {
    const files = [
      [old],
      [old, fresh],
      [old, fresh],
      [fresh, old],
      [old, fresh],
      [fresh, old],
      [fresh],
    ] as const;
    for (const keys of files) expect(await agreesOnAuditKey(mongo.store, [...keys])).to.equal(true);
    expect(await agreesOnAuditKey(mongo.store, [old])).to.equal(false);
  });
});
