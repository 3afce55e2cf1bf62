import { expect } from 'chai';
import type { PasswordHasher } from '../../src/application/ports/identity/password-hasher.ts';
import { PortError } from '../../src/application/ports/port-error.ts';

/** Far more than any hasher may keep waiting. */
const FLOOD = 1_000;

/** What every hasher promises. `create` makes one as cheap as its kind allows, `createDearer` one that costs more. */
export function describePasswordHasher(
  name: string,
  create: () => PasswordHasher,
  createDearer: () => PasswordHasher,
): void {
  describe(`${name} as a password hasher`, () => {
    it('knows a password again, and no other', async () => {
      const hasher = create();
      const hash = await hasher.hash('correct horse');
      expect(await hasher.verify('correct horse', hash)).to.equal(true);
      for (const other of ['correct hors', 'correct horse ', 'Correct horse', '']) {
        expect(await hasher.verify(other, hash), other).to.equal(false);
      }
    });

    it('keeps every character of a long password', async () => {
      const hasher = create();
      const hash = await hasher.hash('x'.repeat(256));
      expect(await hasher.verify(`${'x'.repeat(255)}y`, hash)).to.equal(false);
      expect(await hasher.verify('x'.repeat(256), hash)).to.equal(true);
    });

    it('hashes one password to another text each time, never holding it', async () => {
      const hasher = create();
      const [one, two] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
      expect(one).to.not.equal(two);
      expect(one).to.not.contain('correct');
    });

    it("takes no password for nobody's", async () => {
      const hasher = create();
      expect(await hasher.verify('', undefined)).to.equal(false);
      expect(await hasher.verify('correct horse', undefined)).to.equal(false);
    });

    it('tells a hash of another cost, which it still knows', async () => {
      const [cheap, dear] = [create(), createDearer()];
      const hash = await cheap.hash('correct horse');
      expect(cheap.needsRehash(hash)).to.equal(false);
      expect(dear.needsRehash(hash)).to.equal(true);
      expect(await dear.verify('correct horse', hash)).to.equal(true);
    });

    it('turns a flood away instead of keeping it, and serves those it kept', async () => {
      const hasher = create();
      const outcomes = await Promise.allSettled(
        Array.from({ length: FLOOD }, () => hasher.verify('x', undefined)),
      );
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(refused.length).to.be.greaterThan(0);
      expect(refused.length).to.be.lessThan(FLOOD);
      for (const { reason } of refused) {
        expect(reason).to.be.instanceOf(PortError);
        expect((reason as PortError).kind).to.equal('unavailable');
      }
      expect(await hasher.verify('x', await hasher.hash('x'))).to.equal(true);
    });
  });
}
