import { expect } from 'chai';
import type { Lease, Leases } from '../../src/application/ports/fleet/leases.ts';

/** A life that no test outlives, in milliseconds. */
const LIFE_MS = 60_000;
const RACERS = 20;

/** Leases as two nodes see them. */
export interface LeasesUnderTest {
  readonly leases: Leases;
  readonly elsewhere: Leases;
  /** Lets time pass for all names. */
  pass(byMs: number): Promise<void>;
}

/** The behaviour of every `Leases`. `create` gives names that nobody has held. */
export function describeLeases(name: string, create: () => Promise<LeasesUnderTest>): void {
  describe(`${name} as Leases`, () => {
    let subject: LeasesUnderTest;
    let leases: Leases;
    beforeEach(async () => {
      subject = await create();
      leases = subject.leases;
    });

    const held = (outcome: Lease | 'taken'): Lease => {
      if (outcome === 'taken') throw new Error('the name is taken');
      return outcome;
    };
    const lapse = (): Promise<void> => subject.pass(LIFE_MS + 1);

    it('give a free name to one, and to no other while it lives', async () => {
      const lease = held(await leases.hold('turn/a', 'one', LIFE_MS));
      expect(lease).to.include({ name: 'turn/a', holder: 'one', lapsed: false });
      expect(lease.token).to.satisfy(Number.isSafeInteger).and.to.be.at.least(1);
      expect(await subject.elsewhere.hold('turn/a', 'two', LIFE_MS)).to.equal('taken');
      expect(await subject.elsewhere.hold('turn/b', 'two', LIFE_MS)).to.include({ holder: 'two' });
    });

    it('prolong their holder\u2019s name under the same token, lapsed or not', async () => {
      const { token } = held(await leases.hold('turn/a', 'one', LIFE_MS));
      await subject.pass(LIFE_MS / 2);
      expect(held(await leases.hold('turn/a', 'one', LIFE_MS)).token).to.equal(token);
      await subject.pass(LIFE_MS / 2 + 1);
      expect(await subject.elsewhere.hold('turn/a', 'two', LIFE_MS)).to.equal('taken');
      await lapse();
      expect(held(await subject.elsewhere.hold('turn/a', 'one', LIFE_MS)).token).to.equal(token);
      expect(await subject.elsewhere.hold('turn/a', 'two', LIFE_MS)).to.equal('taken');
    });

    it('give a lapsed name to another under a greater token, and then not back', async () => {
      const { token } = held(await leases.hold('turn/a', 'one', LIFE_MS));
      await lapse();
      const taken = held(await subject.elsewhere.hold('turn/a', 'two', LIFE_MS));
      expect(taken.token).to.be.greaterThan(token);
      expect(await leases.hold('turn/a', 'one', LIFE_MS)).to.equal('taken');
      await lapse();
      expect(held(await leases.hold('turn/a', 'one', LIFE_MS)).token).to.be.greaterThan(taken.token);
    });

    it('free what its holder releases, whose next token is greater; nobody else releases it', async () => {
      const { token } = held(await leases.hold('turn/a', 'one', LIFE_MS));
      await subject.elsewhere.release('turn/a', 'two');
      expect(await subject.elsewhere.hold('turn/a', 'two', LIFE_MS)).to.equal('taken');
      await leases.release('turn/a', 'one');
      await leases.release('turn/a', 'one');
      await leases.release('turn/unknown', 'one');
      const next = held(await subject.elsewhere.hold('turn/a', 'two', LIFE_MS));
      expect(next.token).to.be.greaterThan(token);
      await leases.release('turn/a', 'one');
      await subject.elsewhere.release('turn/a', 'two');
      expect(held(await leases.hold('turn/a', 'two', LIFE_MS)).token).to.be.greaterThan(next.token);
    });

    it('list who holds the names that begin so, lapsed ones too, in their order', async () => {
      const second = held(await leases.hold('node/b', 'b', LIFE_MS));
      const first = held(await leases.hold('node/a', 'a', 10 * LIFE_MS));
      await leases.hold('node/c', 'c', LIFE_MS);
      await leases.hold('nodes', 'd', LIFE_MS);
      await leases.hold('turn/node/', 'e', LIFE_MS);
      await leases.release('node/c', 'c');
      await lapse();
      expect(await subject.elsewhere.list('node/')).to.deep.equal([first, { ...second, lapsed: true }]);
      expect(await subject.elsewhere.list('node/.')).to.deep.equal([]);
    });

    it('give a free name and a lapsed one to one of many that race', async () => {
      const race = async (round: string): Promise<Lease[]> => {
        const outcomes = await Promise.all(
          Array.from({ length: RACERS }, (_, racer) =>
            (racer % 2 === 0 ? leases : subject.elsewhere).hold('turn/a', `${round}-${racer}`, LIFE_MS),
          ),
        );
        return outcomes.filter((outcome) => outcome !== 'taken');
      };
      const [first, ...more] = await race('first');
      await lapse();
      const [second, ...others] = await race('second');
      expect([more, others]).to.deep.equal([[], []]);
      expect(second?.token).to.be.greaterThan(first?.token ?? Number.POSITIVE_INFINITY);
      expect(await leases.list('turn/')).to.deep.equal([second]);
    });
  });
}
