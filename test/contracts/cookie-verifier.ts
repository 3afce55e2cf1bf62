import { expect } from 'chai';
import type { CookieVerifier } from '../../src/application/ports/identity/cookie-verifier.ts';
import type { IdentityWorld } from '../support/identity-world.ts';
import { expectRefusal, expectRefusalAmong } from '../support/refusals.ts';

/** A verifier of the cookies of a world. */
export interface CookiesSetup {
  readonly world: IdentityWorld;
  readonly verifier: CookieVerifier;
  /** Lets the time pass for which an answer may be kept. */
  passTime(): void;
  close(): void;
}

/** What every verifier of cookies promises. */
export function describeCookieVerifier(name: string, create: () => Promise<CookiesSetup>): void {
  describe(`${name} as a verifier of cookies`, () => {
    let setup: CookiesSetup;
    let world: IdentityWorld;
    let verifier: CookieVerifier;
    beforeEach(async () => {
      setup = await create();
      ({ world, verifier } = setup);
      await world.addUser('ann', 'supervisor');
    });
    afterEach(() => setup.close());

    const logIn = async (): Promise<string> => (await world.loginBrowser('ann')).secret;
    const ended = ['credential.expired', 'credential.invalid'] as const;

    it('tells whose login a cookie is, with his present role', async () => {
      const secret = await logIn();
      const ann = await world.directory.resolve('ann');
      const [login] = await world.sessions.listLive(ann?.userId as never, world.clock.nowMs(), 9);
      const principal = await verifier.verify(secret);
      expect(principal).to.deep.equal({
        kind: 'user',
        userId: ann?.userId,
        username: 'ann',
        email: 'ann@example.org',
        role: 'supervisor',
        loginSessionId: login?.id,
        byCookie: true,
      });
      await world.users.change(principal.userId, { role: 'user' });
      setup.passTime();
      expect((await verifier.verify(secret)).role).to.equal('user');
    });

    it('tells that the password has to be changed first', async () => {
      const secret = await logIn();
      const ann = await world.directory.resolve('ann');
      await world.users.change(ann?.userId as never, { passwordMark: 'generated' });
      expect(await verifier.verify(secret)).to.include({ mustChangePassword: true });
    });

    it('refuses what is no secret, one of nobody, and a token in place of one', async () => {
      const { accessToken } = await world.login('ann');
      for (const text of ['x', 'A'.repeat(43), 'ä'.repeat(43), '', accessToken]) {
        await expectRefusal(verifier.verify(text), 'credential.invalid');
      }
    });

    it('refuses a cookie whose login was ended, lay idle or is over, and that of who is disabled', async () => {
      const [first, idle, disabled] = [await logIn(), await logIn(), await logIn()];
      const { loginSessionId, userId } = await verifier.verify(first);
      await world.sessions.end(loginSessionId, world.clock.nowMs());
      setup.passTime();
      await expectRefusalAmong(verifier.verify(first), ended);
      world.clock.advance(world.idleMs);
      await expectRefusalAmong(verifier.verify(idle), ended);
      await world.users.change(userId, { disabledAtMs: world.clock.nowMs() });
      await expectRefusalAmong(verifier.verify(disabled), ended);
    });

    it('counts as a use of the login, which then does not end idle', async () => {
      const secret = await logIn();
      for (let half = 0; half < 4; half += 1) {
        world.clock.advance(world.idleMs / 2);
        setup.passTime();
        await verifier.verify(secret);
      }
    });
  });
}
