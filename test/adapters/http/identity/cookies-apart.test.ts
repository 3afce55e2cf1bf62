import { expect } from 'chai';
import { ANSWER_LIFE_MS } from '../../../../src/adapters/outbound/http/identity/asked-holders.ts';
import { HttpCookieVerifier } from '../../../../src/adapters/outbound/http/identity/http-cookie-verifier.ts';
import { HttpLongUse } from '../../../../src/adapters/outbound/http/identity/http-long-use.ts';
import type { LoginEnd } from '../../../../src/application/ports/identity/login-ends.ts';
import type { LoginSessionId } from '../../../../src/domain/identity/ids.ts';
import { describeCookieVerifier } from '../../../contracts/cookie-verifier.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';
import { IdentityWorld, SERVICE_KEY } from '../../../support/identity-world.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { expectRefusal } from '../../../support/refusals.ts';

describeCookieVerifier("auth's own store", async () => {
  const world = new IdentityWorld();
  return { world, verifier: world.recogniseCookie, passTime: () => {}, close: () => {} };
});

describeCookieVerifier('auth over HTTP', async () => {
  const { world, origin, close } = await serveIdentity();
  const clock = new ManualClock();
  const auth = { authUrl: origin, serviceKey: SERVICE_KEY };
  const loginEnds = { subscribe: () => () => undefined };
  const verifier = new HttpCookieVerifier({ auth, clock, digest: world.digest, loginEnds });
  return { world, verifier, passTime: () => clock.advance(ANSWER_LIFE_MS), close };
});

describe("a browser's login in a service apart from auth", () => {
  let auth: IdentityService;
  let tell: (end: LoginEnd) => void;
  let verifier: HttpCookieVerifier;
  let secret: string;
  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('ann');
    secret = (await auth.world.loginBrowser('ann')).secret;
    const loginEnds = {
      subscribe: (listener: (end: LoginEnd) => void) => {
        tell = listener;
        return () => undefined;
      },
    };
    const peer = { authUrl: auth.origin, serviceKey: SERVICE_KEY };
    const { digest } = auth.world;
    verifier = new HttpCookieVerifier({ auth: peer, clock: new ManualClock(), digest, loginEnds });
  });
  afterEach(() => auth.close());

  for (const [what, end] of [
    ['of the login', (principal) => ({ loginSessionId: principal.loginSessionId })],
    ["of all of its user's", (principal) => ({ userId: principal.userId })],
    ['that nobody can name', () => ({ anybody: true })],
  ] as ReadonlyArray<
    readonly [string, (principal: Awaited<ReturnType<HttpCookieVerifier['verify']>>) => LoginEnd]
  >) {
    it(`is asked for anew at once after an end ${what}`, async () => {
      const principal = await verifier.verify(secret);
      await auth.world.sessions.end(principal.loginSessionId, auth.world.clock.nowMs());
      tell({ loginSessionId: 's_other' as LoginSessionId });
      expect(await verifier.verify(secret), 'kept for a moment').to.deep.equal(principal);
      tell(end(principal));
      await expectRefusal(verifier.verify(secret), 'credential.invalid');
    });
  }

  it('is told to be in use, and tells when it has ended by itself', async () => {
    const { world } = auth;
    const { loginSessionId } = await verifier.verify(secret);
    const ended: LoginSessionId[] = [];
    const use = new HttpLongUse({
      auth: { authUrl: auth.origin, serviceKey: SERVICE_KEY },
      intervalMs: 60_000,
      onEnded: (id) => ended.push(id),
    });
    for (let half = 0; half < 4; half += 1) {
      world.clock.advance(world.idleMs / 2);
      expect(await use.tell(loginSessionId)).to.equal(true);
    }
    world.clock.advance(world.idleMs);
    expect(await use.tell(loginSessionId)).to.equal(false);
    expect(ended).to.deep.equal([loginSessionId]);
    auth.close();
    expect(await use.tell(loginSessionId), 'auth that is away ends nobody').to.equal(true);
  });
});
