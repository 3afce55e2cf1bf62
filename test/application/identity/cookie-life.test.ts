import { expect } from 'chai';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { UserPrincipal } from '../../../src/domain/identity/principal.ts';
import { IdentityWorld } from '../../support/identity-world.ts';
import { expectRefusal } from '../../support/refusals.ts';

const MINUTE_MS = 60_000;

describe('the life of a login by cookie', () => {
  let world: IdentityWorld;
  let writes: number;

  beforeEach(async () => {
    world = new IdentityWorld();
    await world.addUser('ada');
    writes = 0;
    const touch = world.sessions.touch.bind(world.sessions);
    world.sessions.touch = (id, use) => {
      writes += 1;
      return touch(id, use);
    };
  });

  const come = async (value: string): Promise<UserPrincipal> => {
    const principal = await world.authenticate.execute({ kind: 'cookie', value });
    if (principal.kind !== 'user') throw new Error('a cookie is a person');
    return principal;
  };
  const isIn = (value: string): Promise<boolean> =>
    come(value).then(
      () => true,
      () => false,
    );

  it('ends when nobody has used it for the idle time', async () => {
    const { secret } = await world.loginBrowser('ada');
    world.clock.advance(world.idleMs - 1);
    expect(await isIn(secret)).to.equal(true);
    world.clock.advance(world.idleMs);
    await expectRefusal(come(secret), 'credential.expired');
  });

  it('goes on with use up to its absolute end, and not beyond', async () => {
    const { secret, expiresAtMs } = await world.loginBrowser('ada');
    const steps = Math.floor(world.absoluteMs / (world.idleMs / 2)) - 1;
    for (let step = 0; step < steps; step += 1) {
      world.clock.advance(world.idleMs / 2);
      expect(await isIn(secret), `step ${step}`).to.equal(true);
    }
    world.clock.advance(expiresAtMs - world.clock.nowMs() - 1);
    expect(await isIn(secret)).to.equal(true);
    world.clock.advance(1);
    await expectRefusal(come(secret), 'credential.expired');
  });

  it('writes its use down once a minute, however often it is used', async () => {
    const { secret } = await world.loginBrowser('ada');
    for (let second = 0; second < 180; second += 1) {
      world.clock.advance(1_000);
      await come(secret);
    }
    expect(writes).to.equal(3);
  });

  it('lets in though its use cannot be written down', async () => {
    const { secret } = await world.loginBrowser('ada');
    world.sessions.touch = () => Promise.reject(new PortError('unavailable', 'store', 'full'));
    world.clock.advance(MINUTE_MS);
    expect(await isIn(secret)).to.equal(true);
    expect(await world.use.tell((await come(secret)).loginSessionId)).to.equal(true);
  });

  it('is kept from ending idle by whoever reads by it, until it ends', async () => {
    const { secret } = await world.loginBrowser('ada');
    const { loginSessionId } = await come(secret);
    for (let turn = 0; turn < 60; turn += 1) {
      world.clock.advance(MINUTE_MS);
      expect(await world.use.tell(loginSessionId)).to.equal(true);
    }
    expect(await isIn(secret)).to.equal(true);
    await world.logOut.execute({ principal: await come(secret), everywhere: false });
    expect(await world.use.tell(loginSessionId)).to.equal(false);
  });

  it('is new at each login, and ends the one whose cookie the browser brought', async () => {
    const first = await world.loginBrowser('ada');
    const second = await world.loginBrowser('ada', first.secret);
    expect(second.secret).to.not.equal(first.secret);
    await expectRefusal(come(first.secret), 'credential.expired');
    expect(await isIn(second.secret)).to.equal(true);
    expect(world.acts()).to.include('login.ended done');
  });

  it("ends another person's login too when that is whose cookie is replaced", async () => {
    await world.addUser('eve');
    const eve = await world.loginBrowser('eve');
    await world.loginBrowser('ada', eve.secret);
    expect(await isIn(eve.secret)).to.equal(false);
  });

  it('goes on as it was when a login in its place is refused', async () => {
    const { secret } = await world.loginBrowser('ada');
    const attempt = { username: 'ada', password: 'not her password', peer: { local: true } };
    await expectRefusal(
      world.logInBrowser.execute({ ...attempt, presentedSecret: secret }),
      'credential.invalid',
    );
    expect(await isIn(secret)).to.equal(true);
  });

  it('cannot be fixed beforehand: a secret of nobody stays one of nobody', async () => {
    const planted = world.ids.secret(256);
    const { secret } = await world.loginBrowser('ada', planted);
    expect(secret).to.not.equal(planted);
    await expectRefusal(come(planted), 'credential.invalid');
  });

  it('goes on under another id and secret when its password changes, with the same ends', async () => {
    const mine = await world.loginBrowser('ada');
    const other = await world.loginBrowser('ada');
    const tokens = await world.login('ada');
    world.clock.advance(5 * MINUTE_MS);
    const principal = await come(mine.secret);
    const changed = await world.changePassword.execute({
      principal,
      currentPassword: 'password of ada',
      newPassword: 'quartz lantern meadow',
    });
    if (changed.kind !== 'cookie') throw new Error('a cookie changes into a cookie');
    expect(changed.cookie.expiresAtMs).to.equal(mine.expiresAtMs);
    for (const { secret } of [mine, other]) await expectRefusal(come(secret), 'credential.expired');
    await expectRefusal(world.refresh(tokens.refreshToken), 'credential.invalid');
    const renewed = await come(changed.cookie.secret);
    expect(renewed.loginSessionId).to.not.equal(principal.loginSessionId);
    expect(renewed.userId).to.equal(principal.userId);
  });

  it('changes no password once it has ended meanwhile', async () => {
    const { secret } = await world.loginBrowser('ada');
    const principal = await come(secret);
    const hash = world.hasher.hash.bind(world.hasher);
    world.hasher.hash = async (password) => {
      world.hasher.hash = hash;
      await world.logOut.execute({ principal, everywhere: true });
      return hash(password);
    };
    const passwords = { currentPassword: 'password of ada', newPassword: 'quartz lantern meadow' };
    await expectRefusal(world.changePassword.execute({ principal, ...passwords }), 'credential.expired');
    await world.login('ada');
    expect(await isIn(secret)).to.equal(false);
  });

  it('ends at once with another role, and when the account is disabled or deleted', async () => {
    for (const change of [{ role: 'supervisor' as const }, { disabled: true }]) {
      const { secret } = await world.loginBrowser('ada');
      await world.administerUser.execute({ user: 'ada', ...change, actor: 'system' });
      expect(await isIn(secret), JSON.stringify(change)).to.equal(false);
    }
    await world.administerUser.execute({ user: 'ada', disabled: false, actor: 'system' });
    const { secret } = await world.loginBrowser('ada');
    await world.deleteUser.execute({ user: 'ada', actor: 'system' });
    expect(await isIn(secret)).to.equal(false);
  });

  it('is good for nothing but a cookie', async () => {
    const { secret } = await world.loginBrowser('ada');
    await expectRefusal(world.authenticate.execute({ kind: 'bearer', value: secret }), 'credential.invalid');
    await expectRefusal(world.authenticate.execute({ kind: 'ticket', value: secret }), 'credential.invalid');
    await expectRefusal(world.refresh(secret), 'credential.invalid');
  });
});
