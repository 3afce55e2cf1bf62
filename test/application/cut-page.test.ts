import { expect } from 'chai';
import { cutPage } from '../../src/application/cut-page.ts';

const cursorOf = (item: number): string => `after-${item}`;

describe('a page that is cut off what was read', () => {
  it('has no more than it takes, and says where the next one begins', () => {
    expect(cutPage([1, 2, 3], 2, cursorOf)).to.deep.equal({ items: [1, 2], next: 'after-2' });
  });

  it('is the last one when nothing was read beyond it, also when it is full', () => {
    expect(cutPage([1, 2], 2, cursorOf)).to.deep.equal({ items: [1, 2] });
    expect(cutPage([1], 2, cursorOf)).to.deep.equal({ items: [1] });
    expect(cutPage([], 2, cursorOf)).to.deep.equal({ items: [] });
  });
});
