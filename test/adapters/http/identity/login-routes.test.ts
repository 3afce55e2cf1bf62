import { expect } from 'chai';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';

describe('the routes of a login', () => {
  let auth: IdentityService;

  beforeEach(async () => {
    auth = await serveIdentity();
  });

  afterEach(() => auth.close());

  const ada = { username: 'ada', email: 'ada@example.org', password: 'password of ada' };
  const signUp = (body: object = ada) => auth.send('POST', '/api/auth/signup', { body });
  const logIn = (body: object = ada, headers: Record<string, string> = {}) =>
    auth.send('POST', '/api/auth/login', { body, headers });
  const me = (bearer: string) => auth.send('GET', '/api/auth/me', { bearer });

  it('take one from signing up to logging out', async () => {
    const made = await signUp();
    expect(made.status).to.equal(201);
    expect(made.body).to.have.all.keys('userId', 'message');
    const login = await logIn();
    expect(login.status).to.equal(200);
    expect(login.headers.get('cache-control')).to.equal('no-store');
    expect(login.body).to.include.all.keys('message', 'accessToken', 'refreshToken', 'expiresIn', 'user');
    expect(login.body.user).to.include({
      id: made.body.userId,
      username: 'ada',
      email: 'ada@example.org',
      isVerified: false,
      role: 'user',
    });
    for (const path of ['/api/auth/me', '/api/profile']) {
      const profile = await auth.send('GET', path, { bearer: login.body.accessToken });
      expect([profile.status, profile.body]).to.deep.equal([200, login.body.user]);
    }
    const next = await auth.send('POST', '/api/auth/refresh', {
      body: { refreshToken: login.body.refreshToken },
    });
    expect(next.status).to.equal(200);
    const out = await auth.send('POST', '/api/auth/logout', {
      body: { refreshToken: next.body.refreshToken },
    });
    expect(out.status).to.equal(200);
    expect((await me(next.body.accessToken)).status).to.equal(401);
  });

  it('refuse a taken name with 409 and a faulty one with its path', async () => {
    await signUp();
    const taken = await signUp();
    expect([taken.status, taken.body.code]).to.deep.equal([409, 'account.taken']);
    const faulty = await signUp({ ...ada, username: 'a b' });
    expect([faulty.status, faulty.body.errors[0].path]).to.deep.equal([400, 'username']);
    const empty = await signUp({});
    const paths = empty.body.errors.map(({ path }: { path: string }) => path);
    expect(paths).to.have.members(['username', 'email', 'password']);
  });

  it('repeat the sentence of a refusal as error', async () => {
    const { status, body, headers } = await logIn();
    expect(status).to.equal(401);
    expect(body.error).to.equal('Wrong username or password');
    expect([body.message, body.detail]).to.deep.equal([body.error, body.error]);
    expect(headers.get('www-authenticate')).to.equal('Bearer');
  });

  it('answer an unknown user and a wrong password with one body', async () => {
    await signUp();
    const wrong = await logIn({ ...ada, password: 'a wrong password' });
    const unknown = await logIn({ ...ada, username: 'nobody', password: 'a wrong password' });
    const { requestId: one, ...wrongBody } = wrong.body;
    const { requestId: two, ...unknownBody } = unknown.body;
    expect(unknownBody).to.deep.equal(wrongBody);
    expect([wrong.status, unknown.status]).to.deep.equal([401, 401]);
    expect(one).to.not.equal(two);
  });

  it('put a login off with 503 when more passwords wait than may, and count it as no guess', async () => {
    await signUp();
    const { verify } = auth.world.hasher;
    auth.world.hasher.verify = async () => {
      throw new PortError('unavailable', 'password-hasher', 'too many passwords are being hashed');
    };
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const { status, body, headers } = await logIn();
      expect([status, body.code]).to.deep.equal([503, 'password-hasher.unavailable']);
      expect(headers.get('retry-after')).to.equal('1');
    }
    auth.world.hasher.verify = verify;
    expect((await logIn()).status).to.equal(200);
  });

  it('let the body alone decide, whatever stale token lies beside it', async () => {
    await signUp();
    const stale = { authorization: 'Bearer stale' };
    const login = await logIn(ada, stale);
    expect(login.status).to.equal(200);
    const refresh = await auth.send('POST', '/api/auth/refresh', {
      body: { refreshToken: login.body.refreshToken },
      headers: stale,
    });
    expect(refresh.status).to.equal(200);
    expect((await me('stale')).status).to.equal(401);
  });

  it('end the login of the bearer token when no refresh token comes, also without a body', async () => {
    await signUp();
    for (const path of ['/api/auth/logout', '/api/auth/logout-all']) {
      const { body } = await logIn();
      expect((await auth.send('POST', path)).status).to.equal(401);
      expect((await auth.send('POST', path, { bearer: body.accessToken })).status).to.equal(200);
      expect((await me(body.accessToken)).status).to.equal(401);
    }
  });

  it('revoke the whole login when a spent refresh token comes back', async () => {
    await signUp();
    const { refreshToken } = (await logIn()).body;
    const turn = () => auth.send('POST', '/api/auth/refresh', { body: { refreshToken } });
    const next = await turn();
    const again = await turn();
    expect([again.status, again.body.code]).to.deep.equal([401, 'credential.reused']);
    expect((await me(next.body.accessToken)).status).to.equal(401);
  });

  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']) {
    it(`refuse a demo login that came with ${header}`, async () => {
      await auth.world.ensureFirstAccounts.execute({ demo: true });
      const user1 = { username: 'user1', password: 'User1@123' };
      expect((await logIn(user1)).status).to.equal(200);
      expect((await logIn(user1, { [header]: '127.0.0.1' })).status).to.equal(403);
    });
  }

  it('open nothing but the account itself until a generated password is changed', async () => {
    const { generated } = await auth.world.ensureFirstAccounts.execute({ demo: false });
    const password = generated?.password ?? '';
    const login = await logIn({ username: 'admin', password });
    expect(login.body.mustChangePassword).to.equal(true);
    const bearer = login.body.accessToken;
    const users = (token: string) => auth.send('GET', '/api/admin/users', { bearer: token });
    expect((await users(bearer)).body.code).to.equal('account.password_change_required');
    expect((await me(bearer)).status).to.equal(200);
    const changed = await auth.send('POST', '/api/change-password', {
      bearer,
      body: { currentPassword: password, newPassword: 'chosen by a person' },
    });
    expect(changed.status).to.equal(200);
    expect((await users(bearer)).status).to.equal(403);
    expect((await users(changed.body.accessToken)).status).to.equal(200);
    const next = await auth.send('POST', '/api/auth/refresh', {
      body: { refreshToken: login.body.refreshToken },
    });
    expect((await users(next.body.accessToken)).status).to.equal(200);
  });

  it('end the other logins when the password changes, and not for a wrong current one', async () => {
    await signUp();
    const [mine, other] = [(await logIn()).body, (await logIn()).body];
    const change = (currentPassword: string) =>
      auth.send('POST', '/api/change-password', {
        bearer: mine.accessToken,
        body: { currentPassword, newPassword: 'a new password' },
      });
    expect((await change('not my password')).status).to.equal(401);
    expect((await me(other.accessToken)).status).to.equal(200);
    expect((await change(ada.password)).status).to.equal(200);
    expect((await me(mine.accessToken)).status).to.equal(200);
    expect((await me(other.accessToken)).status).to.equal(401);
  });

  it('write no password and no token to log or audit', async () => {
    await signUp();
    const { body } = await logIn();
    await logIn({ ...ada, password: 'a wrong password' });
    const written = JSON.stringify([auth.log.lines, auth.world.records]);
    for (const secret of [ada.password, 'a wrong password', body.accessToken, body.refreshToken]) {
      expect(written).to.not.contain(secret);
    }
    expect(auth.world.records.every(({ requestId }) => requestId !== undefined)).to.equal(true);
  });
});
