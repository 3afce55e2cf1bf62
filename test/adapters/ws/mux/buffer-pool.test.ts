import { expect } from 'chai';
import fc from 'fast-check';
import {
  BufferPool,
  MAX_POOLED_BYTES,
  MIN_POOLED_BYTES,
  type PooledBuffer,
} from '../../../../src/adapters/inbound/ws/mux/buffer-pool.ts';

describe('a pool of buffers', () => {
  it('gives the same memory again, with nothing of what it held', () => {
    const pool = new BufferPool();
    const first = pool.take(1_000);
    first.bytes.fill(0xaa);
    const memory = first.bytes.buffer;
    first.release();
    const second = pool.take(900);
    expect(second.bytes.buffer).to.equal(memory);
    expect(Buffer.from(second.bytes.buffer).every((byte) => byte === 0)).to.equal(true);
    expect(second.bytes).to.have.length(900);
  });

  it('gives everybody memory of his own, of the length he asked for and all zeros', () => {
    const step = fc.record({ length: fc.nat(200_000), give: fc.boolean(), pick: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (walk) => {
        const pool = new BufferPool(300_000);
        const lent: Array<{ readonly buffer: PooledBuffer; readonly mark: number }> = [];
        walk.forEach(({ length, give, pick }, index) => {
          if (give && lent.length > 0) {
            const [back] = lent.splice(pick % lent.length, 1);
            expect(back?.buffer.bytes.every((byte) => byte === back.mark)).to.equal(true);
            back?.buffer.release();
          } else {
            const buffer = pool.take(length);
            expect(buffer.bytes).to.have.length(length);
            expect(buffer.bytes.every((byte) => byte === 0)).to.equal(true);
            const mark = 1 + (index % 255);
            buffer.bytes.fill(mark);
            lent.push({ buffer, mark });
          }
          expect(pool.keptBytes).to.be.at.most(300_000);
        });
        for (const { buffer } of lent) buffer.release();
        expect(pool.lentBytes).to.equal(0);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps a bounded amount, and nothing that is larger than messages are', () => {
    const pool = new BufferPool(4 * MIN_POOLED_BYTES);
    const many = Array.from({ length: 100 }, () => pool.take(1));
    for (const buffer of many) buffer.release();
    expect(pool.keptBytes).to.equal(4 * MIN_POOLED_BYTES);
    const large = new BufferPool();
    large.take(MAX_POOLED_BYTES + 1).release();
    expect(large.keptBytes).to.equal(0);
    large.take(MAX_POOLED_BYTES).release();
    expect(large.keptBytes).to.equal(MAX_POOLED_BYTES);
  });

  it('takes a buffer back once', () => {
    const pool = new BufferPool();
    const buffer = pool.take(0);
    buffer.release();
    expect(() => buffer.release()).to.throw('given back once');
  });
});
