import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KnownEnds } from '../../../../src/adapters/outbound/mongo/streaming/known-ends.ts';
import type { StreamingCollections } from '../../../../src/adapters/outbound/mongo/streaming/streaming-collections.ts';
import { mintStreamId } from '../../../../src/domain/streaming/stream-id.ts';

describe('the ends of logs that a process remembers', () => {
  it('are no more than a number, and never without one that is being written', () => {
    const ends = new KnownEnds({} as StreamingCollections, 3);
    const ids = [1, 2, 3, 4, 5].map((ms) => mintStreamId(ms, randomUUID()));
    for (const id of ids.slice(0, 3)) ends.begin(id, 2);
    const [written, ...others] = ids.map((id) => ends.get(id));
    expect(others.slice(0, 2)).to.not.include(undefined);
    if (written !== undefined) written.busy = Promise.resolve();
    for (const id of ids.slice(3)) ends.begin(id, 2);
    expect(ids.map((id) => ends.get(id) !== undefined)).to.deep.equal([true, false, false, true, true]);
  });
});
