import { expect } from 'chai';
import { DomainError } from '../../../../src/domain/domain-error.ts';
import type { UserPrincipal } from '../../../../src/domain/identity/principal.ts';
import { IdentityWorld } from '../../../support/identity-world.ts';
import { expectRefusal } from '../../../support/refusals.ts';

/** Wrong passwords for one account from one network before waits begin. */
const FREE = 10;
const MINUTE_MS = 60_000;

describe('guessing passwords', () => {
  let world: IdentityWorld;

  beforeEach(async () => {
    world = new IdentityWorld();
    await world.addUser('ada');
    world.hasher.spent = 0;
    world.records.length = 0;
  });

  const wrongLogins = async (count: number, username = 'ada'): Promise<void> => {
    for (let attempt = 0; attempt < count; attempt += 1) {
      await expectRefusal(world.login(username, 'a wrong password'), 'credential.invalid');
    }
  };
  const refusalOf = async (attempt: Promise<unknown>): Promise<object> => {
    const error: unknown = await attempt.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(DomainError);
    const { code, message, details } = error as DomainError;
    return { code, message, details };
  };
  const principalOf = async (username: string): Promise<UserPrincipal> => {
    const { accessToken } = await world.login(username);
    return (await world.authenticate.execute({ kind: 'bearer', value: accessToken })) as UserPrincipal;
  };

  it('is slowed down alike for an account that is there, one that is not and one that is disabled', async () => {
    await world.addUser('eve');
    await world.administerUser.execute({ user: 'eve', disabled: true, actor: 'system' });
    world.hasher.compared.length = 0;
    const seen: object[][] = [];
    for (const username of ['ada', 'nobody', 'eve']) {
      const refusals: object[] = [];
      for (let attempt = 0; attempt < FREE + 3; attempt += 1) {
        refusals.push(await refusalOf(world.login(username, 'a wrong password')));
      }
      seen.push(refusals);
    }
    expect(seen[1]).to.deep.equal(seen[0]);
    expect(seen[2]).to.deep.equal(seen[0]);
    const compared = world.hasher.compared.map(({ characters }) => characters);
    expect(compared).to.deep.equal(Array.from({ length: 3 * (FREE + 1) }, () => 16));
    const known = world.hasher.compared.filter((hash) => hash.known).length;
    expect(known).to.equal(2 * (FREE + 1));
  });

  it('costs no hash while it has to wait, and is audited with its reason', async () => {
    await wrongLogins(FREE + 1);
    world.hasher.spent = 0;
    await expectRefusal(world.login('ada'), 'login.throttled');
    expect(world.hasher.spent).to.equal(0);
    expect(world.records.at(-1)).to.deep.include({
      act: 'login.begun',
      outcome: 'refused',
      facts: { reason: 'throttled' },
    });
    world.clock.advance(MINUTE_MS);
    await world.login('ada');
  });

  it('counts a password that nobody can have', async () => {
    for (let attempt = 0; attempt < FREE + 1; attempt += 1) {
      await expectRefusal(world.login('ada', 'x'.repeat(257)), 'credential.invalid');
    }
    await expectRefusal(world.login('ada', 'x'.repeat(257)), 'login.throttled');
  });

  it('is no different with a stolen login that asks to change the password', async () => {
    const principal = await principalOf('ada');
    const change = (currentPassword: string) =>
      world.changePassword.execute({
        principal,
        currentPassword,
        newPassword: 'something else again',
        network: 'afar',
      });
    world.records.length = 0;
    for (let attempt = 0; attempt < FREE + 1; attempt += 1) {
      await expectRefusal(change('a wrong password'), 'credential.invalid');
    }
    await expectRefusal(change('password of ada'), 'login.throttled');
    expect(new Set(world.acts())).to.deep.equal(new Set(['user.password_changed refused']));
    expect(world.records.map(({ facts }) => facts?.reason)).to.deep.equal([
      ...Array.from({ length: FREE + 1 }, () => 'password'),
      'throttled',
    ]);
    world.clock.advance(1_000);
    await change('password of ada');
  });

  it('is asked of whoever must show his password again, and of no account that has gone', async () => {
    const { userId } = await principalOf('ada');
    const confirm = (password: string) =>
      world.confirm.execute({ userId, password, network: 'n', act: 'key.created' });
    expect((await confirm('password of ada')).username).to.equal('ada');
    await expectRefusal(confirm('a wrong password'), 'credential.invalid');
    await expectRefusal(confirm('x'.repeat(257)), 'credential.invalid');
    await world.administerUser.execute({ user: 'ada', disabled: true, actor: 'system' });
    await expectRefusal(confirm('password of ada'), 'credential.expired');
    expect(world.acts().filter((act) => act.startsWith('key'))).to.deep.equal([
      'key.created refused',
      'key.created refused',
      'key.created refused',
    ]);
  });

  it('does not lock out whose refresh token is good, behind the address of who sends unknown ones', async () => {
    const grant = await world.login('ada');
    const peer = { local: true, network: 'n' };
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await expectRefusal(
        world.refreshLogin.execute({ refreshToken: `unknown ${attempt}`, peer }),
        'credential.invalid',
      );
    }
    await expectRefusal(world.refreshLogin.execute({ refreshToken: 'unknown', peer }), 'login.throttled');
    expect(world.records.at(-1)).to.deep.include({
      act: 'login.refreshed',
      actor: 'address:n',
      facts: { reason: 'throttled' },
    });
    await world.refreshLogin.execute({ refreshToken: grant.refreshToken, peer });
  });

  it('does not spend hashes on more sign-ups than one network may make', async () => {
    const signUp = (number: number, network = 'n') =>
      world.createUser.execute({
        username: `u${number}`,
        email: `u${number}@example.org`,
        password: 'long enough to pass',
        network,
      });
    for (let number = 0; number < 500; number += 1) await signUp(number);
    world.hasher.spent = 0;
    await expectRefusal(signUp(500), 'login.throttled');
    expect(world.hasher.spent).to.equal(0);
    expect(world.records.at(-1)).to.deep.include({
      act: 'user.signed_up',
      outcome: 'refused',
      actor: 'address:n',
      facts: { reason: 'throttled' },
    });
    await signUp(501, 'another');
    await world.addUser('by-an-admin');
  });
});
