import { expect } from 'chai';
import type { UserPrincipal } from '../../../../src/domain/identity/principal.ts';
import { IdentityWorld } from '../../../support/identity-world.ts';
import { expectRefusal } from '../../../support/refusals.ts';

const LONGEST = 256;

describe('a password that somebody chooses', () => {
  let world: IdentityWorld;
  let principal: UserPrincipal;

  beforeEach(async () => {
    world = new IdentityWorld();
    await world.addUser('countess');
    const { accessToken } = await world.login('countess');
    principal = (await world.authenticate.execute({ kind: 'bearer', value: accessToken })) as UserPrincipal;
    world.hasher.spent = 0;
  });

  const waysToChoose: Readonly<Record<string, (password: string) => Promise<unknown>>> = {
    'signing up': (password) =>
      world.createUser.execute({ username: 'lovelace', email: 'lovelace@example.org', password }),
    'being created by an admin or the operator': (password) =>
      world.createUser.execute({
        username: 'lovelace',
        email: 'lovelace@example.org',
        password,
        by: { actor: 'system', role: 'admin', isVerified: true },
      }),
    'being set by an admin or the operator': (password) =>
      world.administerUser.execute({ user: 'countess', password, actor: 'system' }),
    'changing it': (newPassword) =>
      world.changePassword.execute({ principal, currentPassword: 'password of countess', newPassword }),
  };

  for (const [way, choose] of Object.entries(waysToChoose)) {
    it(`is none that is tried first, when ${way}, for no hash`, async () => {
      const own = way.startsWith('signing') || way.includes('created') ? 'lovelace' : 'countess';
      for (const password of ['password1', 'QWERTYUIOP', 'Holdfast-2026', own, `${own}@example.org`]) {
        await expectRefusal(choose(password), 'request.invalid');
      }
      expect(world.hasher.spent).to.equal(0);
    });

    it(`has 8 to ${LONGEST} characters of any kind, when ${way}, and is not cut`, async () => {
      for (const password of ['1234567', '🔑'.repeat(7), 'x'.repeat(LONGEST + 1)]) {
        await expectRefusal(choose(password), 'request.invalid');
      }
      expect(world.hasher.spent).to.equal(0);
      await choose(`${'🔑'.repeat(LONGEST - 1)} `);
      const name = way.startsWith('signing') || way.includes('created') ? 'lovelace' : 'countess';
      await expectRefusal(world.login(name, '🔑'.repeat(LONGEST - 1)), 'credential.invalid');
      await world.login(name, `${'🔑'.repeat(LONGEST - 1)} `);
    });
  }

  it('needs no digit, capital or sign, and may have spaces', async () => {
    await world.administerUser.execute({
      user: 'countess',
      password: 'mill grinds numbers',
      actor: 'system',
    });
    await world.login('countess', 'mill grinds numbers');
  });

  it('is told why it was refused, with the path of the field', async () => {
    const refusal = (await waysToChoose['changing it']?.('password1').catch((error: unknown) => error)) as {
      details: { errors: ReadonlyArray<{ path: string; message: string }> };
    };
    expect(refusal.details.errors[0]).to.deep.equal({
      path: 'newPassword',
      message: 'is one of the passwords that are tried first; choose another',
    });
  });
});
