import { expect } from 'chai';
import { PasswordRules } from '../../../../src/application/identity/passwords/password-rules.ts';
import { DEMO_ACCOUNTS } from '../../../../src/domain/identity/demo-accounts.ts';
import { expectRefusal } from '../../../support/refusals.ts';

const common = { has: async () => false };

describe('the known password of a demo account', () => {
  for (const { username, password } of DEMO_ACCOUNTS) {
    const owner = { username: username.toUpperCase(), email: `${username}@example.org` };

    it(`of ${username} marks the account as a demo account again while the server is a demo`, async () => {
      const rules = new PasswordRules({ common, demo: true });
      expect(await rules.require(password, owner)).to.equal('demo');
      expect(await rules.require('mill grinds numbers', owner)).to.equal(null);
    });

    it(`of ${username} is refused for an account of that name on any other server`, async () => {
      await expectRefusal(new PasswordRules({ common }).require(password, owner), 'request.invalid');
    });
  }
});
