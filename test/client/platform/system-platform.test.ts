import { expect } from 'chai';
import { systemPlatform } from '../../../src/client/platform/system-platform.ts';

describe('the names that a client draws', () => {
  afterEach(() => {
    Reflect.deleteProperty(crypto, 'randomUUID');
  });

  it('are to be had in a page without a secure context too, which has no randomUUID', () => {
    Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
    const { uuid } = systemPlatform();
    const names = Array.from({ length: 1_000 }, () => uuid());
    for (const name of names) {
      expect(name).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(new Set(names).size).to.equal(1_000);
  });
});
