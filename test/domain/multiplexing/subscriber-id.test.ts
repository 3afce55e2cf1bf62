import { expect } from 'chai';
import fc from 'fast-check';
import {
  claimedMuxId,
  controlSubscriberId,
  MAX_ROUTE_NAME_UNITS,
  muxSubscriberId,
  nameWithin,
  realmOf,
} from '../../../src/domain/multiplexing/subscriber-id.ts';

const SECRET = 'AZaz09_-AZaz09_-AZaz09_-AZaz09_-';

describe('the name of a subscription', () => {
  it('is a random one for a multiplexed session, and reads back', () => {
    expect(claimedMuxId(SECRET)).to.equal(muxSubscriberId(SECRET));
    expect(realmOf(muxSubscriberId(SECRET))).to.equal('mux');
    expect(nameWithin(muxSubscriberId(SECRET))).to.equal(SECRET);
    for (const other of ['', SECRET.slice(1), `${SECRET}A`, `${SECRET.slice(1)}+`, `${SECRET}\n`]) {
      expect(claimedMuxId(other), other).to.equal(undefined);
      expect(() => muxSubscriberId(other)).to.throw('random bits');
    }
  });

  it("is the agent's own for a session route, whatever it has chosen, and never one of the other room", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (text) => {
        fc.pre(!/\p{Cc}|\p{Cs}/u.test(text) && text.length <= MAX_ROUTE_NAME_UNITS);
        const id = controlSubscriberId(text);
        return realmOf(id) === 'control' && nameWithin(id) === text;
      }),
    );
    expect(realmOf(controlSubscriberId(`mux:${SECRET}`))).to.equal('control');
  });

  it('is refused when it is empty, too long, or has characters that no name has', () => {
    for (const bad of ['', 'a\u0000b', 'a\nb', 'a\ud800', 'x'.repeat(MAX_ROUTE_NAME_UNITS + 1)]) {
      expect(() => controlSubscriberId(bad), JSON.stringify(bad)).to.throw('session id');
    }
    expect(controlSubscriberId('x'.repeat(MAX_ROUTE_NAME_UNITS))).to.have.length(MAX_ROUTE_NAME_UNITS + 8);
  });
});
