import { dictionary } from '@zxcvbn-ts/language-common';
import { expect } from 'chai';
import { ZxcvbnCommonPasswords } from '../../../src/adapters/outbound/zxcvbn/zxcvbn-common-passwords.ts';
import { MIN_PASSWORD_CHARACTERS } from '../../../src/domain/identity/account-rules.ts';
import { describeCommonPasswords } from '../../contracts/common-passwords.ts';

describeCommonPasswords('zxcvbn', () => new ZxcvbnCommonPasswords());

describe('zxcvbn', () => {
  it('knows each of the 3,000 most common passwords that are long enough to be chosen', async () => {
    const longEnough = dictionary['passwords-common']
      .map(String)
      .filter((word) => word.length >= MIN_PASSWORD_CHARACTERS)
      .slice(0, 3_000);
    expect(longEnough).to.have.length(3_000);
    const common = new ZxcvbnCommonPasswords();
    const missing: string[] = [];
    for (const word of longEnough) if (!(await common.has(word))) missing.push(word);
    expect(missing).to.deep.equal([]);
  });
});
