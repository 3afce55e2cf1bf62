import { expect } from 'chai';
import type { CommonPasswords } from '../../src/application/ports/identity/common-passwords.ts';

/** What every list of common passwords promises. */
export function describeCommonPasswords(name: string, create: () => CommonPasswords): void {
  describe(`${name} as common passwords`, () => {
    for (const password of [
      '12345678',
      'password',
      'PassWord1',
      'qwertyuiop',
      'iloveyou',
      'ｐａｓｓｗｏｒｄ',
    ]) {
      it(`holds ${password}`, async () => {
        expect(await create().has(password)).to.equal(true);
      });
    }

    for (const password of [
      'correct horse battery',
      'kq7-Lantern-meadow',
      '',
      '  password  ',
      'constructor',
    ]) {
      it(`does not hold ${JSON.stringify(password)}`, async () => {
        expect(await create().has(password)).to.equal(false);
      });
    }
  });
}
