import { expect } from 'chai';
import { awaitingChain, isAuthenticPending } from '../../../src/domain/audit/pending-act.ts';
import { TEST_MAC } from '../../support/audit-builders.ts';

const SAID = { id: 'act:0000', atMs: 5, text: '{"act":"user.created"}' };

describe('a record that waits for a chain', () => {
  it('is what was written while its id, its time and its text are', () => {
    const pending = awaitingChain(SAID, TEST_MAC);
    expect(isAuthenticPending(pending, TEST_MAC)).to.equal(true);
    for (const change of [{ id: 'act:0001' }, { atMs: 6 }, { text: '{}' }, { mac: '0'.repeat(64) }]) {
      expect(isAuthenticPending({ ...pending, ...change }, TEST_MAC), JSON.stringify(change)).to.equal(false);
    }
  });

  it('has a code that stands for nothing without the key', () => {
    const pending = awaitingChain(SAID, (text) => `another key ${text}`);
    expect(isAuthenticPending(pending, TEST_MAC)).to.equal(false);
  });
});
