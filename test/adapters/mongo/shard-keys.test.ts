import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { COLLECTIONS, INDEXES } from '../../../src/adapters/outbound/mongo/schema.ts';

/** Collections that are read by ranges of their keys, which one shard should answer. */
const READ_IN_RANGES = ['event_batches', 'leases', 'subscribers', 'mcp_inventories'];

/** The shard keys that operators are told of, by their collections. */
function toldKeys(): Map<string, string> {
  const text = readFileSync('docs/OPERATIONS.md', 'utf8');
  const [, table = ''] = text.split('| collections | shard key |');
  const keys = new Map<string, string>();
  for (const line of table.split('\n').slice(2)) {
    const [, names, key] = line.split('|').map((cell) => cell.trim());
    if (names === undefined || key === undefined) break;
    for (const [, name = ''] of names.matchAll(/`(\w+)`/g)) keys.set(name, key.replaceAll('`', ''));
  }
  return keys;
}

describe('the shard keys of docs/OPERATIONS.md', () => {
  const told = toldKeys();

  it('are told of every collection, and of no other', () => {
    expect([...told.keys()].sort()).to.deep.equal([...COLLECTIONS].sort());
  });

  it('leave unique what has to be unique', () => {
    for (const { collection, name, key, options } of INDEXES) {
      const shardKey = told.get(collection) ?? '';
      if (options?.unique !== true || shardKey.startsWith('none')) continue;
      expect(Object.keys(key)[0], `${collection}.${name} begins with the shard key`).to.equal(shardKey);
    }
    const byOther = [...told].filter(([, key]) => !/^(_id( hashed)?$|none)/.test(key));
    for (const [collection] of byOther) {
      const unique = INDEXES.filter((index) => index.collection === collection && index.options?.unique);
      expect(unique, `${collection} has a unique index that decides`).not.to.deep.equal([]);
    }
  });

  it('keep together what is read together', () => {
    for (const collection of READ_IN_RANGES) expect(told.get(collection)).to.equal('_id');
  });
});
