import { expect } from 'chai';
import { IdentityWorld } from '../../support/identity-world.ts';
import { expectRefusal } from '../../support/refusals.ts';

const WEEK_MS = 604_800_000;

describe('the life of a login', () => {
  let world: IdentityWorld;

  beforeEach(async () => {
    world = new IdentityWorld();
    await world.addUser('ada');
  });

  const isOpen = (accessToken: string): Promise<boolean> =>
    world.authenticate.execute({ kind: 'bearer', value: accessToken }).then(
      () => true,
      () => false,
    );

  it('goes on with each next refresh token', async () => {
    let grant = await world.login('ada');
    for (let turn = 0; turn < 3; turn += 1) grant = await world.refresh(grant.refreshToken);
    expect(await isOpen(grant.accessToken)).to.equal(true);
  });

  it('ends for everybody when a spent refresh token comes back', async () => {
    const first = await world.login('ada');
    const other = await world.login('ada');
    const second = await world.refresh(first.refreshToken);
    await expectRefusal(world.refresh(first.refreshToken), 'credential.reused');
    await expectRefusal(world.refresh(second.refreshToken), 'credential.invalid');
    expect(await isOpen(second.accessToken)).to.equal(false);
    expect(await isOpen(other.accessToken)).to.equal(true);
    expect(world.acts()).to.include('login.refresh_reused refused');
  });

  it('ends a week after the password, however often it is refreshed', async () => {
    let grant = await world.login('ada');
    for (let day = 1; day < 7; day += 1) {
      world.clock.advance(WEEK_MS / 7);
      grant = await world.refresh(grant.refreshToken);
    }
    world.clock.advance(WEEK_MS / 7 - 1);
    grant = await world.refresh(grant.refreshToken);
    world.clock.advance(1);
    await expectRefusal(world.refresh(grant.refreshToken), 'credential.invalid');
    expect(await isOpen(grant.accessToken)).to.equal(false);
  });

  it('ends with log-out, by refresh token or by the login itself, and once', async () => {
    const one = await world.login('ada');
    const two = await world.login('ada');
    await world.logOut.execute({ refreshToken: one.refreshToken, everywhere: false });
    await world.logOut.execute({ refreshToken: one.refreshToken, everywhere: false });
    const principal = await world.tokens.verify(two.accessToken);
    await world.logOut.execute({ principal, everywhere: false });
    expect([await isOpen(one.accessToken), await isOpen(two.accessToken)]).to.deep.equal([false, false]);
    await expectRefusal(world.refresh(one.refreshToken), 'credential.invalid');
    await expectRefusal(world.logOut.execute({ everywhere: false }), 'credential.missing');
  });

  it('ends everywhere when that is asked with a live token, not with one of an ended login', async () => {
    const ended = await world.login('ada');
    await world.logOut.execute({ refreshToken: ended.refreshToken, everywhere: false });
    const one = await world.login('ada');
    const two = await world.login('ada');
    world.clock.advance(1);
    await world.logOut.execute({ refreshToken: ended.refreshToken, everywhere: true });
    expect(await isOpen(one.accessToken)).to.equal(true);
    await world.logOut.execute({ refreshToken: one.refreshToken, everywhere: true });
    expect([await isOpen(one.accessToken), await isOpen(two.accessToken)]).to.deep.equal([false, false]);
  });

  it('ends for all but the one who changes the password', async () => {
    const mine = await world.login('ada');
    const other = await world.login('ada');
    const principal = await world.tokens.verify(mine.accessToken);
    const change = (currentPassword: string, newPassword: string) =>
      world.changePassword.execute({ principal, currentPassword, newPassword });
    await expectRefusal(change('not my password', 'a new password'), 'credential.invalid');
    await expectRefusal(change('password of ada', 'short'), 'request.invalid');
    await expectRefusal(change('password of ada', 'password of ada'), 'request.invalid');
    expect(await isOpen(other.accessToken)).to.equal(true);
    const changed = await change('password of ada', 'a new password');
    const issued = changed.kind === 'bearer' ? changed.issued.token : '';
    expect(await Promise.all([mine.accessToken, issued, other.accessToken].map(isOpen))).to.deep.equal([
      true,
      true,
      false,
    ]);
    await expectRefusal(world.login('ada'), 'credential.invalid');
    await world.login('ada', 'a new password');
  });

  it('does not put another password in the place of one that an admin sets meanwhile', async () => {
    const mine = await world.login('ada');
    const principal = await world.tokens.verify(mine.accessToken);
    const hash = world.hasher.hash.bind(world.hasher);
    world.hasher.hash = async (password) => {
      world.hasher.hash = hash;
      await world.administerUser.execute({ user: 'ada', password: 'set by an admin', actor: 'system' });
      return hash(password);
    };
    const change = { principal, currentPassword: 'password of ada', newPassword: 'set by a thief' };
    await expectRefusal(world.changePassword.execute(change), 'credential.invalid');
    expect(await isOpen(mine.accessToken)).to.equal(false);
    await expectRefusal(world.login('ada', 'set by a thief'), 'credential.invalid');
    await world.login('ada', 'set by an admin');
  });

  it('does not bring a password back that was changed while it was hashed anew', async () => {
    world.hasher.cost = 'tomorrow';
    const hash = world.hasher.hash.bind(world.hasher);
    world.hasher.hash = async (password) => {
      world.hasher.hash = hash;
      await world.administerUser.execute({ user: 'ada', password: 'set by an admin', actor: 'system' });
      return hash(password);
    };
    await expectRefusal(world.login('ada'), 'credential.invalid');
    await expectRefusal(world.login('ada'), 'credential.invalid');
    await world.login('ada', 'set by an admin');
  });

  it('of a first admin opens everything with the token that changing the password hands out', async () => {
    const fresh = new IdentityWorld();
    const { generated } = await fresh.ensureFirstAccounts.execute({ demo: false });
    const grant = await fresh.login('admin', generated?.password);
    const changed = await fresh.changePassword.execute({
      principal: await fresh.tokens.verify(grant.accessToken),
      currentPassword: generated?.password ?? '',
      newPassword: 'chosen by a person',
    });
    const value = changed.kind === 'bearer' ? changed.issued.token : '';
    expect(await fresh.authenticate.execute({ kind: 'bearer', value })).to.not.have.property(
      'mustChangePassword',
    );
    expect(await fresh.users.hasMark('generated')).to.equal(false);
  });

  it('ends at once when the user is disabled, and when his role changes', async () => {
    const disabled = await world.login('ada');
    await world.administerUser.execute({ user: 'ada', disabled: true, actor: 'system' });
    expect(await isOpen(disabled.accessToken)).to.equal(false);
    await expectRefusal(world.refresh(disabled.refreshToken), 'credential.invalid');
    await world.administerUser.execute({ user: 'ada', disabled: false, actor: 'system' });
    const promoted = await world.login('ada');
    await world.administerUser.execute({ user: 'ada', role: 'supervisor', actor: 'system' });
    expect(await isOpen(promoted.accessToken)).to.equal(false);
  });

  it('does not open with a token that carries a role the user no longer has', async () => {
    const grant = await world.login('ada');
    const principal = await world.tokens.verify(grant.accessToken);
    const forged = await world.tokens.issue({ ...principal, role: 'admin' });
    expect(await isOpen(forged.token)).to.equal(false);
  });
});
