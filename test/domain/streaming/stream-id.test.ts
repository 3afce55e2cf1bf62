import { expect } from 'chai';
import fc from 'fast-check';
import {
  isStreamId,
  mintedAtMs,
  mintStreamId,
  sameStreamId,
} from '../../../src/domain/streaming/stream-id.ts';

const UUID = '0f9a1c2d-3b4e-4f60-8a7b-9c0d1e2f3a4b';
const ID = `stream-1700000000000-${UUID}`;

describe('a stream id', () => {
  it('is minted from the time and a version 4 UUID', () => {
    expect(mintStreamId(1_700_000_000_000, UUID)).to.equal(ID);
    expect(mintedAtMs(mintStreamId(1_700_000_000_000, UUID))).to.equal(1_700_000_000_000);
  });

  for (const [nowMs, uuid] of [
    [0, UUID],
    [1.5, UUID],
    [Number.NaN, UUID],
    [1, UUID.toUpperCase()],
    [1, UUID.replace('-4f60', '-1f60')],
    [1, ''],
  ] as const) {
    it(`is never minted from ${nowMs} and "${uuid}"`, () => {
      expect(() => mintStreamId(nowMs, uuid)).to.throw();
    });
  }

  const lookAlikes: Readonly<Record<string, unknown>> = {
    'upper case': ID.toUpperCase(),
    'one upper-case digit': ID.replace('0f9a', '0F9a'),
    'a space before': ` ${ID}`,
    'a space after': `${ID} `,
    'a line break after': `${ID}\n`,
    'a NUL after': `${ID}\0`,
    'full-width digits': ID.replace('1700000000000', '１７０００００００００００'),
    'Arabic digits': ID.replace('17', '١٧'),
    'another hyphen': ID.replaceAll('-', '‐'),
    'a leading zero in the time': ID.replace('stream-1', 'stream-01'),
    'a negative time': ID.replace('stream-1', 'stream--1'),
    'no time': `stream-${UUID}`,
    'a version 1 UUID': ID.replace('-4f60-', '-1f60-'),
    'a version 7 UUID': ID.replace('-4f60-', '-7f60-'),
    'another variant': ID.replace('-8a7b-', '-ca7b-'),
    'a cut UUID': ID.slice(0, -1),
    'a longer UUID': `${ID}0`,
    'another word': ID.replace('stream', 'streams'),
    'a Cyrillic letter': ID.replace('a', 'а'),
    'an array': [ID],
    'an object': { toString: () => ID },
    'a number': 1_700_000_000_000,
    nothing: undefined,
    null: null,
  };
  for (const [what, lookAlike] of Object.entries(lookAlikes)) {
    it(`is not the same with ${what}`, () => {
      expect(isStreamId(lookAlike)).to.equal(false);
    });
  }

  it('is recognised whatever time and UUID it was minted from', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999_999_999 }), fc.uuid({ version: 4 }), (nowMs, uuid) => {
        expect(isStreamId(mintStreamId(nowMs, uuid))).to.equal(true);
      }),
    );
  });

  it('equals only itself', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '1'), maxLength: 6 });
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(sameStreamId(left, right)).to.equal(left === right);
      }),
    );
  });
});
