import { expect } from 'chai';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { IdentityWorld } from '../../support/identity-world.ts';
import { expectRefusal } from '../../support/refusals.ts';

const DAY_MS = 86_400_000;

describe('logging in', () => {
  let world: IdentityWorld;

  beforeEach(async () => {
    world = new IdentityWorld();
    await world.addUser('ada');
    world.hasher.spent = 0;
    world.records.length = 0;
  });

  const refusalOf = async (attempt: Promise<unknown>): Promise<{ code: string; message: string }> => {
    const error: unknown = await attempt.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(DomainError);
    const { code, message } = error as DomainError;
    return { code, message };
  };

  it('hands out tokens that name the user and his new login', async () => {
    const grant = await world.login('ada');
    const principal = await world.authenticate.execute({ kind: 'bearer', value: grant.accessToken });
    expect(principal).to.include({ kind: 'user', username: 'ada', email: 'ada@example.org', role: 'user' });
    expect(grant.user).to.not.have.property('passwordHash');
    expect(grant.refreshToken).to.have.length(43);
    expect(grant.expiresInSeconds).to.be.at.most(900);
    expect(world.acts()).to.deep.equal(['login.begun done']);
  });

  it('finds a username in any case and compatibility form', async () => {
    expect((await world.login('ＡＤＡ', 'password of ada')).user.username).to.equal('ada');
  });

  it('answers an unknown user and a wrong password alike, for the same number of hashes', async () => {
    const wrong = await refusalOf(world.login('ada', 'a wrong password'));
    const spentOnWrong = world.hasher.spent;
    world.hasher.spent = 0;
    const unknown = await refusalOf(world.login('nobody', 'a wrong password'));
    expect(unknown).to.deep.equal(wrong);
    expect(wrong.code).to.equal('credential.invalid');
    expect([spentOnWrong, world.hasher.spent]).to.deep.equal([1, 1]);
    expect(world.records.map(({ outcome, facts }) => [outcome, facts?.reason])).to.deep.equal([
      ['refused', 'password'],
      ['refused', 'unknown'],
    ]);
  });

  it('spends no hash on a password that nobody can have', async () => {
    await expectRefusal(world.login('ada', 'x'.repeat(257)), 'credential.invalid');
    expect(world.hasher.spent).to.equal(0);
  });

  it('tells a disabled account only to who knows the password', async () => {
    await world.administerUser.execute({ user: 'ada', disabled: true, actor: 'system' });
    await expectRefusal(world.login('ada'), 'account.disabled');
    await expectRefusal(world.login('ada', 'a wrong password'), 'credential.invalid');
  });

  it('lets nobody into a deleted account by its new name', async () => {
    const { userId } = await world.deleteUser.execute({ user: 'ada', actor: 'system' });
    const deleted = await world.users.find(userId);
    await expectRefusal(world.login(deleted?.username ?? '', ''), 'credential.invalid');
  });

  it('refuses a demo account from afar, and ends its login when it is refreshed from there', async () => {
    const demo = new IdentityWorld();
    await demo.ensureFirstAccounts.execute({ demo: true });
    const from = (local: boolean) =>
      demo.logIn.execute({ username: 'user1', password: 'User1@123', peer: { local } });
    await expectRefusal(from(false), 'permission.denied');
    const grant = await from(true);
    await expectRefusal(
      demo.refreshLogin.execute({ refreshToken: grant.refreshToken, peer: { local: false } }),
      'credential.invalid',
    );
    await expectRefusal(
      demo.authenticate.execute({ kind: 'bearer', value: grant.accessToken }),
      'credential.expired',
    );
  });

  it('opens nothing but the change of a generated password, and that for a day', async () => {
    const fresh = new IdentityWorld();
    const { generated } = await fresh.ensureFirstAccounts.execute({ demo: false });
    const password = generated?.password ?? '';
    const grant = await fresh.login('admin', password);
    expect(grant.user.mustChangePassword).to.equal(true);
    expect(await fresh.authenticate.execute({ kind: 'bearer', value: grant.accessToken })).to.include({
      mustChangePassword: true,
    });
    fresh.clock.advance(DAY_MS - 1);
    const late = await fresh.login('admin', password);
    fresh.clock.advance(1);
    await expectRefusal(fresh.login('admin', password), 'account.password_lapsed');
    await expectRefusal(fresh.refresh(late.refreshToken), 'credential.invalid');
    await expectRefusal(
      fresh.authenticate.execute({ kind: 'bearer', value: late.accessToken }),
      'credential.expired',
    );
  });

  it('hashes anew what was hashed at another cost', async () => {
    world.hasher.cost = 'tomorrow';
    await world.login('ada');
    expect((await world.users.findByUsername('ada'))?.passwordHash).to.match(/^tomorrow:/);
    await world.login('ada');
  });

  it('lets a login pass when there is no room to hash anew', async () => {
    world.hasher.cost = 'tomorrow';
    world.hasher.hash = async () => {
      throw new PortError('unavailable', 'password-hasher', 'full');
    };
    await world.login('ada');
    expect((await world.users.findByUsername('ada'))?.passwordHash).to.match(/^today:/);
  });

  for (const [beside, change, survives] of [
    ['a new password', { password: 'another password' }, false],
    ['a disabling', { disabled: true }, false],
    ['a verification', { isVerified: false }, true],
  ] as const) {
    it(`${survives ? 'survives' : 'does not survive'} ${beside} that runs beside it`, async () => {
      const begin = world.sessions.begin.bind(world.sessions);
      world.sessions.begin = async (session, hash) => {
        await world.administerUser.execute({ user: 'ada', actor: 'system', ...change });
        await begin(session, hash);
      };
      const user = await world.users.findByUsername('ada');
      const outcome = await world.login('ada').then(
        () => true,
        () => false,
      );
      expect(outcome).to.equal(survives);
      const live = user ? await world.sessions.listLive(user.id, world.clock.nowMs(), 9) : [];
      expect(live).to.have.length(survives ? 1 : 0);
    });
  }
});
