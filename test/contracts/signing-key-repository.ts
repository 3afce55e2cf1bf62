import { expect } from 'chai';
import type {
  SigningKey,
  SigningKeyRepository,
} from '../../src/application/ports/identity/signing-key-repository.ts';
import { T0 } from '../support/ledger-builders.ts';

/** A repository under test, and how to put it away. */
export interface SigningKeysUnderTest {
  readonly keys: SigningKeyRepository;
  close(): Promise<void>;
}

const aKey = (kid: string): SigningKey => ({
  kid,
  algorithm: 'EdDSA',
  privateJwk: `{"kid":"${kid}"}`,
  createdAtMs: T0,
});

/** The behaviour of every `SigningKeyRepository`. */
export function describeSigningKeyRepository(
  name: string,
  create: () => Promise<SigningKeysUnderTest>,
): void {
  describe(`${name} as a SigningKeyRepository`, () => {
    let subject: SigningKeysUnderTest;
    beforeEach(async () => {
      subject = await create();
    });
    afterEach(() => subject.close());

    it('has no key at first', async () => {
      expect(await subject.keys.list()).to.deep.equal([]);
    });

    it('gives all racing callers the one key that was stored first', async () => {
      const offered = ['a', 'b', 'c', 'd'].map(aKey);
      const received = await Promise.all(offered.map((key) => subject.keys.addFirst(key)));
      const [stored] = await subject.keys.list();
      expect(offered).to.deep.include(stored);
      for (const key of received) expect(key).to.deep.equal(stored);
      expect(await subject.keys.list()).to.have.length(1);
    });
  });
}
