import { expect } from 'chai';
import { isObviousPassword } from '../../../src/domain/identity/obvious-password.ts';

const owner = { username: 'Ada.Lovelace', email: 'countess@example.org' };

describe('an obvious password', () => {
  for (const password of [
    'ada.lovelace',
    'ADA.LOVELACE',
    'ａｄａ.lovelace',
    'countess',
    'Countess@Example.org',
    'holdfast',
    'Holdfast2024!',
    '12-HoldFast-34',
    'admin123',
    'Administrator',
    '!!supervisor!!',
  ]) {
    it(`is ${password}`, () => {
      expect(isObviousPassword(password, owner)).to.equal(true);
    });
  }

  for (const password of [
    'ada.lovelace wrote notes',
    'holdfast to the rock',
    'admin@admin',
    '83619204',
    'countess of lovelace',
  ]) {
    it(`is not ${password}`, () => {
      expect(isObviousPassword(password, owner)).to.equal(false);
    });
  }

  it('is no password for being empty where a name is', () => {
    expect(isObviousPassword('12345!', { username: 'a', email: '@' })).to.equal(false);
  });
});
