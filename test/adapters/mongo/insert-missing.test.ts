import { expect } from 'chai';
import { type BulkWriteResult, MongoBulkWriteError } from 'mongodb';
import { insertMissing } from '../../../src/adapters/outbound/mongo/insert-missing.ts';
import { takenPlaces } from '../../../src/adapters/outbound/mongo/mongo-fault.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';

/** A bulk of inserts that has failed, as the driver tells it. */
function failedBulk(insertedCount: number, codes: readonly number[]): MongoBulkWriteError {
  const writeErrors = codes.map((code, index) => ({ index, code }));
  const result = { insertedCount, matchedCount: 0, upsertedCount: 0, getWriteConcernError: () => undefined };
  return new MongoBulkWriteError(
    { message: 'it failed', code: codes[0] ?? 6, writeErrors } as unknown as MongoBulkWriteError,
    result as unknown as BulkWriteResult,
  );
}

describe('documents that may be there already', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  after(() => mongo.remove());

  it('stores those that are not, leaves the others as they are and tells which those were', async () => {
    const numbers = mongo.store.collection<{ _id: string; number: number }>('insert_missing_tried');
    const documents = (number: number, ...ids: string[]) => ids.map((_id) => ({ _id, number }));
    expect(await insertMissing(numbers, [])).to.deep.equal([]);
    expect(await insertMissing(numbers, documents(1, 'b', 'd'))).to.deep.equal([]);
    expect(await insertMissing(numbers, documents(2, 'a', 'b', 'c', 'd'))).to.deep.equal(['b', 'd']);
    expect(await numbers.find({}, { sort: { _id: 1 } }).toArray()).to.deep.equal([
      { _id: 'a', number: 2 },
      { _id: 'b', number: 1 },
      { _id: 'c', number: 2 },
      { _id: 'd', number: 1 },
    ]);
  });

  it('are told apart among updates that insert what they do not find', async () => {
    const numbers = mongo.store.collection<{ _id: string; number: number }>('taken_places_tried');
    await insertMissing(numbers, [
      { _id: 'later', number: 5 },
      { _id: 'earlier', number: 1 },
    ]);
    const updates = ['new', 'later', 'earlier'].map((_id) => ({
      updateOne: { filter: { _id, number: { $lt: 3 } }, update: { $set: { number: 3 } }, upsert: true },
    }));
    const failed = await numbers.bulkWrite(updates, { ordered: false }).catch((error: unknown) => error);
    expect(takenPlaces(failed, updates.length)).to.deep.equal([1]);
  });

  it('are not told of where any write was refused for something else, or has no answer', () => {
    expect(takenPlaces(failedBulk(1, [11_000]), 2)).to.deep.equal([0]);
    expect(takenPlaces(failedBulk(1, [11_000]), 3), 'one has no answer').to.equal(undefined);
    expect(takenPlaces(failedBulk(0, []), 2), 'none has').to.equal(undefined);
    expect(takenPlaces(failedBulk(0, [11_000, 121]), 2), 'one is not valid').to.equal(undefined);
    expect(takenPlaces(new Error('cut'), 1)).to.equal(undefined);
  });
});
