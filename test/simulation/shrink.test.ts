import { expect } from 'chai';
import { shrink } from './shrink.ts';

const numbers = Array.from({ length: 100 }, (_, index) => index);

describe('shrinking a list', () => {
  it('keeps what the failure needs, in its order, and nothing else', async () => {
    const needed = [3, 48, 97];
    const fails = async (items: readonly number[]): Promise<boolean> =>
      needed.every((item) => items.includes(item));
    expect(await shrink(numbers, { fails })).to.deep.equal(needed);
  });

  it('comes to nothing when nothing is needed', async () => {
    expect(await shrink(numbers, { fails: async () => true })).to.deep.equal([]);
  });

  it('ends with what it has when it takes too long', async () => {
    let left = 3;
    const isOver = (): boolean => {
      left -= 1;
      return left < 0;
    };
    expect(await shrink(numbers, { fails: async (items) => items.includes(99), isOver })).to.have.length(25);
  });
});
