import { expect } from 'chai';
import {
  anchored,
  CHAIN_START,
  type ChainedRecord,
  chained,
  chainStart,
  followedBy,
  headFrom,
  headText,
  isAuthentic,
  isAuthenticAnchor,
} from '../../../src/domain/audit/audit-chain.ts';
import { aChain, headOf, TEST_MAC } from '../../support/audit-builders.ts';

const [start, first, second] = aChain(
  { act: 'login.begun', outcome: 'done', actor: 'system', object: 'a' },
  { act: 'login.ended', outcome: 'done', actor: 'system', object: 'b' },
) as unknown as [ChainedRecord, ChainedRecord, ChainedRecord];

describe('a chain of the audit log', () => {
  it('begins with its start, counts up, and authenticates each record with the one before it', () => {
    expect([start, first, second].map(({ seq }) => seq)).to.deep.equal([1, 2, 3]);
    expect(JSON.parse(start.text)).to.include({ act: CHAIN_START, outcome: 'done', actor: 'system' });
    expect(isAuthentic(start, undefined, TEST_MAC)).to.equal(true);
    expect(isAuthentic(first, start.mac, TEST_MAC)).to.equal(true);
    expect(isAuthentic(second, first.mac, TEST_MAC)).to.equal(true);
  });

  it('holds a record to all that it says, its time, its number and its chain included', () => {
    const changes: ReadonlyArray<Partial<ChainedRecord>> = [
      { text: first.text.replace('begun', 'ended') },
      { text: `${first.text} ` },
      { atMs: first.atMs + 1 },
      { seq: 3 },
      { chain: 'another' },
      { mac: second.mac },
    ];
    for (const change of changes) {
      expect(isAuthentic({ ...first, ...change }, start.mac, TEST_MAC), JSON.stringify(change)).to.equal(
        false,
      );
    }
  });

  it('takes no record for one that follows another, and no key for another', () => {
    expect(isAuthentic(second, start.mac, TEST_MAC)).to.equal(false);
    expect(isAuthentic(second, undefined, TEST_MAC)).to.equal(false);
    expect(isAuthentic(first, start.mac, (text) => TEST_MAC(`${text}.`))).to.equal(false);
  });

  it('cannot have one part of a record pass for the end of another', () => {
    const joined = chained({ chain: 'a', head: undefined }, { atMs: 1, text: '2' }, TEST_MAC);
    const split = chained({ chain: 'a', head: undefined }, { atMs: 12, text: '' }, TEST_MAC);
    expect(joined.mac).not.to.equal(split.mac);
  });

  it('names in its start what was there before', () => {
    expect(followedBy(chainStart(headOf({ ...second, cursor: 3 }), { host: 'h' }))).to.deep.equal({
      chain: second.chain,
      seq: 3,
      mac: second.mac,
    });
    expect(followedBy(chainStart(undefined, { host: 'h' }))).to.equal(undefined);
  });

  it('is anchored by a code of its own, which no record has', () => {
    const anchor = anchored(headOf({ ...second, cursor: 3 }), 7, TEST_MAC);
    expect(isAuthenticAnchor(anchor, TEST_MAC)).to.equal(true);
    expect(isAuthenticAnchor({ ...anchor, atMs: 8 }, TEST_MAC)).to.equal(false);
    expect(isAuthenticAnchor({ ...anchor, head: { ...anchor.head, seq: 2 } }, TEST_MAC)).to.equal(false);
    expect([start.mac, first.mac, second.mac]).not.to.include(anchor.mac);
  });

  it('has its head in one word, and reads no other for one', () => {
    const head = headOf({ ...second, cursor: 3 });
    expect(headFrom(headText(head))).to.deep.equal(head);
    const { mac } = head;
    for (const word of ['', 'chain', `chain.3.${mac}0`, `chain.0.${mac}`, `chain.x.${mac}`, `.3.${mac}`]) {
      expect(headFrom(word), word).to.equal(undefined);
    }
  });
});
