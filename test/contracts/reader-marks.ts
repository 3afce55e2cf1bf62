import { expect } from 'chai';
import type { ReaderMarks } from '../../src/application/ports/fleet/reader-marks.ts';
import { NODE_1, NODE_2, numberedStream, OPENED_AT_MS } from '../support/stream-builders.ts';

/** The behaviour of every `ReaderMarks`. */
export function describeReaderMarks(name: string, create: () => Promise<ReaderMarks>): void {
  describe(`${name} as ReaderMarks`, () => {
    let marks: ReaderMarks;
    beforeEach(async () => {
      marks = await create();
    });

    const mark = (node = NODE_1, atMs = OPENED_AT_MS, ...numbers: readonly number[]) => ({
      node,
      streams: numbers.map(numberedStream),
      atMs,
    });

    it('have nothing to tell before anybody has said something', async () => {
      expect(await marks.since(0)).to.deep.equal([]);
    });

    it('tell what each node said last', async () => {
      await marks.mark(mark(NODE_1, OPENED_AT_MS, 1, 2));
      await marks.mark(mark(NODE_2, OPENED_AT_MS + 1, 3));
      await marks.mark(mark(NODE_1, OPENED_AT_MS + 2, 2));
      expect(await marks.since(OPENED_AT_MS)).to.have.deep.members([
        mark(NODE_1, OPENED_AT_MS + 2, 2),
        mark(NODE_2, OPENED_AT_MS + 1, 3),
      ]);
    });

    it('tell nothing that was said before a time', async () => {
      await marks.mark(mark(NODE_1, OPENED_AT_MS, 1));
      await marks.mark(mark(NODE_2, OPENED_AT_MS + 1, 3));
      expect(await marks.since(OPENED_AT_MS + 1)).to.deep.equal([mark(NODE_2, OPENED_AT_MS + 1, 3)]);
      expect(await marks.since(OPENED_AT_MS + 2)).to.deep.equal([]);
    });

    it('do not go back to what a node said before, when that comes late', async () => {
      await marks.mark(mark(NODE_1, OPENED_AT_MS + 2, 2));
      await marks.mark(mark(NODE_1, OPENED_AT_MS + 1, 1));
      await marks.mark(mark(NODE_2, OPENED_AT_MS + 1, 3));
      expect(await marks.since(0)).to.have.deep.members([
        mark(NODE_1, OPENED_AT_MS + 2, 2),
        mark(NODE_2, OPENED_AT_MS + 1, 3),
      ]);
    });

    it('take back everything with an empty mark', async () => {
      await marks.mark(mark(NODE_1, OPENED_AT_MS, 1));
      await marks.mark(mark(NODE_1, OPENED_AT_MS + 1));
      expect(await marks.since(0)).to.deep.equal([mark(NODE_1, OPENED_AT_MS + 1)]);
    });
  });
}
