import { expect } from 'chai';
import type { PolicyStore } from '../../src/application/ports/control/policy-store.ts';
import type { AuditRecord } from '../../src/domain/audit/audit-record.ts';
import {
  FIRST_BOOK,
  type PolicyBook,
  withOverride,
  withPolicy,
} from '../../src/domain/control/policy-book.ts';
import { policyIn } from '../support/agent-event-builders.ts';

/** A store under test, one beside it on the same data where there is such a thing, and the acts stored with writes. */
export interface PoliciesUnderTest {
  readonly policies: PolicyStore;
  readonly another?: PolicyStore;
  readonly acts: () => Promise<readonly string[]>;
}

const RACERS = 40;
const act = (name: string): AuditRecord => ({ act: `control.${name}`, outcome: 'done' });

/** The behaviour of every `PolicyStore`. */
export function describePolicyStore(name: string, create: () => Promise<PoliciesUnderTest>): void {
  describe(`${name} as a PolicyStore`, () => {
    let subject: PoliciesUnderTest;
    beforeEach(async () => {
      subject = await create();
    });

    it('has the book that holds from the start while nobody has written any', async () => {
      expect(await subject.policies.read()).to.deep.equal(FIRST_BOOK);
    });

    it('keeps a book whole, whatever its agents are called', async () => {
      const { policies } = subject;
      let book: PolicyBook = withPolicy(FIRST_BOOK, { ...policyIn('hitl'), m2: true });
      expect(await policies.write(book, [])).to.equal('stored');
      for (const agentId of ['night', 'a.b', '$set', '__proto__', 'constructor', '7', ' \u0000 🦀']) {
        book = withOverride(book, agentId, { ...policyIn('block'), failClosedOnClassifierError: true });
        expect(await policies.write(book, [])).to.equal('stored');
        expect(await policies.read()).to.deep.equal(book);
      }
      expect(Object.keys((await policies.read()).overrides)).to.have.length(7);
      const fewer = { ...book, version: book.version + 1, overrides: {} };
      await policies.write(fewer, []);
      expect(await policies.read()).to.deep.equal(fewer);
    });

    it('stores the next version alone, with its acts and not without', async () => {
      const { policies } = subject;
      const [first, second] = [withPolicy(FIRST_BOOK, policyIn('hitl')), policyIn('block')];
      expect(await policies.write(withPolicy(first, second), [act('too-early')])).to.equal('outdated');
      expect(await policies.write(first, [act('policy-changed')])).to.equal('stored');
      expect(await policies.write(first, [act('again')])).to.equal('outdated');
      expect(await policies.write({ ...first, policy: second }, [act('late')])).to.equal('outdated');
      expect(await policies.read()).to.deep.equal(first);
      expect(await subject.acts()).to.deep.equal(['control.policy-changed']);
    });

    it(`stores one of ${RACERS} racing versions, from the first one on`, async function () {
      this.timeout(60_000);
      let book: PolicyBook = FIRST_BOOK;
      for (const round of [1, 2]) {
        const rivals = Array.from({ length: RACERS }, (_, number) =>
          withOverride(book, `agent-${number}`, policyIn('block')),
        );
        const outcomes = await Promise.all(
          rivals.map((rival, number) => {
            const store = number % 2 === 0 ? subject.policies : (subject.another ?? subject.policies);
            return store.write(rival, [act(`round-${round}-${number}`)]);
          }),
        );
        const winners = outcomes.flatMap((outcome, number) => (outcome === 'stored' ? [number] : []));
        expect(winners).to.have.length(1);
        book = rivals[winners[0] ?? -1] ?? book;
        expect(await subject.policies.read()).to.deep.equal(book);
        expect((await subject.acts()).at(-1)).to.equal(`control.round-${round}-${winners[0]}`);
        expect(await subject.acts()).to.have.length(round);
      }
    });
  });
}
