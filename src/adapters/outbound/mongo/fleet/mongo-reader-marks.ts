import type { Collection } from 'mongodb';
import type { ReaderMark, ReaderMarks } from '../../../../application/ports/fleet/reader-marks.ts';
import type { MongoStore } from '../mongo-store.ts';
import { READER_MARKS, type ReaderMarkDocument } from './fleet-documents.ts';

/** What nodes say of their readers in MongoDB: one document a node, whatever the number of its readers. */
export class MongoReaderMarks implements ReaderMarks {
  readonly #store: MongoStore;
  readonly #marks: Collection<ReaderMarkDocument>;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#marks = store.collection<ReaderMarkDocument>(READER_MARKS);
  }

  async mark({ node: _id, streams, atMs }: ReaderMark): Promise<void> {
    const isLate = { $gt: ['$atMs', atMs] };
    const said = { $cond: [isLate, '$streams', { $literal: streams }] };
    const mark = [{ $set: { streams: said, atMs: { $max: ['$atMs', atMs] }, markedAt: '$$NOW' } }];
    await this.#store.write(() => this.#marks.updateOne({ _id }, mark, { upsert: true }));
  }

  async since(atMs: number): Promise<readonly ReaderMark[]> {
    const found = await this.#store.read(() => this.#marks.find({ atMs: { $gte: atMs } }).toArray());
    return found.map((mark) => ({ node: mark._id, streams: mark.streams, atMs: mark.atMs }));
  }
}
