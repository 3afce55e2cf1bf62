import { expect } from 'chai';
import { BoundedMap } from '../../src/domain/bounded-map.ts';

describe('a bounded map', () => {
  it('forgets the entry that was set longest ago when there is one too many, and no other', () => {
    const map = new BoundedMap<string, number>(2).set('a', 1).set('b', 2);
    expect([...map]).to.deep.equal([
      ['a', 1],
      ['b', 2],
    ]);
    map.set('c', 3);
    expect([...map.keys()]).to.deep.equal(['b', 'c']);
    expect(map.get('a')).to.equal(undefined);
  });

  it('counts a key that is set anew once, and as the newest', () => {
    const map = new BoundedMap<string, number>(2).set('a', 1).set('b', 2).set('a', 3);
    expect(map.size).to.equal(2);
    map.set('c', 4);
    expect([...map]).to.deep.equal([
      ['a', 3],
      ['c', 4],
    ]);
  });

  it('is not made newer by being read', () => {
    const map = new BoundedMap<string, number>(2).set('a', 1).set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect(map.has('a')).to.equal(false);
  });

  it('has room again for what was taken out', () => {
    const map = new BoundedMap<string, number>(2).set('a', 1).set('b', 2);
    map.delete('a');
    map.set('c', 3);
    expect([...map.keys()]).to.deep.equal(['b', 'c']);
  });
});
