import { expect } from 'chai';
import type { IdSource } from '../../src/application/ports/id-source.ts';

/** Draws enough to notice a source that repeats itself or never leaves a part of its range. */
const DRAWS = 1_000;

/** What every source of ids and secrets promises. */
export function describeIdSource(name: string, create: () => IdSource): void {
  describe(`an id source: ${name}`, () => {
    const ids = create();
    const draw = <T>(make: () => T): T[] => Array.from({ length: DRAWS }, make);

    it('makes version 4 UUIDs in lower case, never the same twice', () => {
      const uuids = draw(() => ids.uuid());
      expect(new Set(uuids).size).to.equal(DRAWS);
      for (const uuid of uuids)
        expect(uuid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    });

    it('makes secrets of the asked length, never the same twice', () => {
      const secrets = draw(() => ids.secret(256));
      expect(new Set(secrets).size).to.equal(DRAWS);
      for (const secret of secrets) expect(secret).to.match(/^[A-Za-z0-9_-]{43}$/);
    });

    it('uses every character of base64url in its secrets', () => {
      expect(new Set(draw(() => ids.secret(256)).join('')).size).to.equal(64);
    });

    it('refuses to make a secret too short to be one', () => {
      expect(() => ids.secret(64)).to.throw("not a secret's length");
    });

    it('gives fractions from 0 up to 1, from the whole range', () => {
      const fractions = draw(() => ids.fraction());
      for (const fraction of fractions) expect(fraction).to.be.within(0, 1 - Number.EPSILON);
      expect(Math.min(...fractions)).to.be.below(0.05);
      expect(Math.max(...fractions)).to.be.above(0.95);
    });
  });
}
