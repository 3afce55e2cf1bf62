import { expect } from 'chai';
import { isUserId } from '../../../src/domain/identity/ids.ts';
import { IdentityWorld } from '../../support/identity-world.ts';
import { expectRefusal } from '../../support/refusals.ts';

describe('accounts', () => {
  let world: IdentityWorld;

  beforeEach(() => {
    world = new IdentityWorld();
  });

  const signUp = (username: string, email = `${username}@example.org`, password = 'long enough') =>
    world.createUser.execute({ username, email, password });

  it('are plain and unverified for who signs himself up', async () => {
    const user = await signUp('ada');
    expect(isUserId(user.id)).to.equal(true);
    expect(user).to.include({ username: 'ada', role: 'user', isVerified: false, disabled: false });
    expect(world.records).to.deep.equal([
      { act: 'user.signed_up', outcome: 'done', actor: user.id, object: user.id, facts: { role: 'user' } },
    ]);
  });

  it('are unique by username and email in any case and compatibility form', async () => {
    await signUp('Ada');
    await expectRefusal(signUp('ADA', 'other@example.org'), 'account.taken');
    await expectRefusal(signUp('ａｄａ', 'other@example.org'), 'account.taken');
    await expectRefusal(signUp('grace', 'ADA@example.org'), 'account.taken');
    const racing = await Promise.allSettled([signUp('eve', 'eve@a.org'), signUp('Eve', 'eve@b.org')]);
    expect(racing.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('cost no hash when their names or password break a rule', async () => {
    await expectRefusal(signUp('a b'), 'request.invalid');
    await expectRefusal(signUp('ada', 'no address'), 'request.invalid');
    await expectRefusal(signUp('ada', 'ada@example.org', 'short'), 'request.invalid');
    expect(world.hasher.spent).to.equal(0);
  });

  it('change by one act each, which the audit names', async () => {
    const user = await world.addUser('ada');
    await world.addUser('root', 'admin');
    world.records.length = 0;
    const changed = await world.administerUser.execute({
      user: user.id,
      role: 'supervisor',
      isVerified: false,
      password: 'set by an admin',
      disabled: true,
      actor: 'system',
    });
    expect(changed).to.include({ role: 'supervisor', isVerified: false, disabled: true });
    expect(world.records.map(({ act, facts }) => [act, facts])).to.deep.equal([
      ['user.role_changed', { from: 'user', to: 'supervisor' }],
      ['user.disabled', undefined],
      ['user.verified', { isVerified: false }],
      ['user.password_set', undefined],
    ]);
    world.records.length = 0;
    await world.administerUser.execute({ user: 'ada', role: 'supervisor', disabled: true, actor: 'system' });
    expect(world.records).to.deep.equal([]);
  });

  it('lose their running streams when they are disabled, again when asked again, or deleted, and by nothing else', async () => {
    const [ada, grace] = [await world.addUser('ada'), await world.addUser('grace')];
    const by = { user: 'ada', actor: 'system' } as const;
    await world.administerUser.execute({ ...by, role: 'supervisor', password: 'set by an admin' });
    expect(world.stopped).to.deep.equal([]);
    await world.administerUser.execute({ ...by, disabled: true });
    await world.administerUser.execute({ ...by, disabled: true });
    await world.administerUser.execute({ ...by, disabled: false });
    expect(world.stopped).to.deep.equal([ada.id, ada.id]);
    await world.deleteUser.execute({ user: 'grace', actor: 'system' });
    expect(world.stopped).to.deep.equal([ada.id, ada.id, grace.id]);
  });

  it('keep the streams of a last admin who could not be disabled', async () => {
    await world.addUser('root', 'admin');
    const by = { user: 'root', actor: 'system' } as const;
    await expectRefusal(world.administerUser.execute({ ...by, disabled: true }), 'account.last_admin');
    await expectRefusal(world.deleteUser.execute(by), 'account.last_admin');
    expect(world.stopped).to.deep.equal([]);
  });

  it('keep their last admin', async () => {
    await world.addUser('root', 'admin');
    const by = { user: 'root', actor: 'system' } as const;
    await expectRefusal(world.administerUser.execute({ ...by, role: 'user' }), 'account.last_admin');
    await expectRefusal(world.administerUser.execute({ ...by, disabled: true }), 'account.last_admin');
    await expectRefusal(world.deleteUser.execute(by), 'account.last_admin');
    await world.addUser('other', 'admin');
    await world.deleteUser.execute(by);
    await expectRefusal(
      world.administerUser.execute({ user: 'other', role: 'user', actor: 'system' }),
      'account.last_admin',
    );
  });

  it('leave nothing of a person when they are deleted, and stay deleted', async () => {
    const user = await world.addUser('lovelace');
    const grant = await world.login('lovelace');
    await world.deleteUser.execute({ user: 'lovelace', actor: 'system' });
    const left = JSON.stringify(await world.users.find(user.id));
    expect(left).to.not.contain('lovelace').and.not.contain('password of');
    await expectRefusal(world.refresh(grant.refreshToken), 'credential.invalid');
    await expectRefusal(world.deleteUser.execute({ user: user.id, actor: 'system' }), 'user.not_found');
    await expectRefusal(
      world.administerUser.execute({ user: user.id, disabled: false, actor: 'system' }),
      'user.not_found',
    );
    await expectRefusal(world.readProfile.execute({ userId: user.id }), 'credential.expired');
  });

  it('are listed by pages, oldest first', async () => {
    for (const name of ['ada', 'grace', 'edsger']) {
      await world.addUser(name);
      world.clock.advance(1);
    }
    const page = await world.listUsers.execute({ text: '', offset: 1, limit: 2 });
    expect(page.users.map(({ username }) => username)).to.deep.equal(['grace', 'edsger']);
    expect(page.total).to.equal(3);
    expect((await world.listUsers.execute({ text: 'GRA', offset: 0, limit: 9 })).total).to.equal(1);
  });
});

describe('the first accounts', () => {
  it('are one admin with a random password, told once', async () => {
    const world = new IdentityWorld();
    const first = await world.ensureFirstAccounts.execute({ demo: false });
    expect(first.generated).to.include({ username: 'admin', role: 'admin' });
    expect(first.generated?.password).to.have.length(24);
    expect(await world.users.hasMark('generated')).to.equal(true);
    const again = await world.ensureFirstAccounts.execute({ demo: false });
    expect(again).to.deep.equal({ demo: [] });
    expect(await world.users.count()).to.equal(1);
    const other = await new IdentityWorld().ensureFirstAccounts.execute({ demo: false });
    expect(other.generated?.password).to.not.equal(first.generated?.password);
  });

  it('are the demo accounts in a demo, told at every start while their passwords are the known ones', async () => {
    const world = new IdentityWorld();
    await world.ensureFirstAccounts.execute({ demo: true });
    const names = async () =>
      (await world.ensureFirstAccounts.execute({ demo: true })).demo.map(({ username }) => username);
    expect(await names()).to.deep.equal(['admin', 'supervisor1', 'user1']);
    for (const [username, password] of [
      ['admin', 'admin@admin'],
      ['supervisor1', 'Supervisor1@'],
      ['user1', 'User1@123'],
    ] as const) {
      expect((await world.login(username, password)).user.mustChangePassword).to.equal(false);
    }
    await world.administerUser.execute({ user: 'user1', password: 'chosen by a person', actor: 'system' });
    expect(await names()).to.deep.equal(['admin', 'supervisor1']);
  });

  it('are completed after a demo start that was cut short', async () => {
    const world = new IdentityWorld();
    const add = world.users.add.bind(world.users);
    world.users.add = async (user) => {
      if (user.username === 'admin') throw new Error('cut short');
      return add(user);
    };
    await world.ensureFirstAccounts.execute({ demo: true }).catch(() => {});
    world.users.add = add;
    await world.ensureFirstAccounts.execute({ demo: true });
    await world.login('admin', 'admin@admin');
    expect(await world.users.count()).to.equal(3);
  });

  it('are left alone where people have accounts', async () => {
    const world = new IdentityWorld();
    await world.addUser('ada', 'admin');
    expect(await world.ensureFirstAccounts.execute({ demo: true })).to.deep.equal({ demo: [] });
    expect(await world.ensureFirstAccounts.execute({ demo: false })).to.deep.equal({ demo: [] });
    expect(await world.users.count()).to.equal(1);
  });
});
