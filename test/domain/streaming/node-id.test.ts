import { expect } from 'chai';
import { mintNodeId } from '../../../src/domain/streaming/node-id.ts';

const UUID = '0f9a1c2d-3b4e-4f60-8a7b-9c0d1e2f3a4b';

describe('a node id', () => {
  for (const [host, told] of [
    ['app-1.example', 'app-1.example'],
    ['APP_1/ä', 'app-1--'],
    ['', 'node'],
    ['h'.repeat(100), 'h'.repeat(63)],
  ] as const) {
    it(`tells the host "${host}" as ${told}`, () => {
      expect(mintNodeId(host, UUID)).to.equal(`${told}-${UUID}`);
    });
  }

  for (const uuid of ['', UUID.toUpperCase(), `${UUID} `]) {
    it(`is never minted from "${uuid}"`, () => {
      expect(() => mintNodeId('app', uuid)).to.throw();
    });
  }
});
