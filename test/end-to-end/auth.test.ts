import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type Answer, ApiClient } from '../support/api-client.ts';
import { expectProblem } from '../support/problems.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORD = 'a long enough password';
const USER_ID = /^u_[0-9a-f]{32}$/;

interface Person {
  readonly id: string;
  readonly username: string;
  readonly client: ApiClient;
  readonly refreshToken: string;
}

describe('auth, as an outside client meets it', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let nobody: ApiClient;
  let admin: ApiClient;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '20']);
    nobody = new ApiClient(server.urls);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
  });
  after(() => server.dispose());

  const logIn = (username: string, password = PASSWORD): Promise<Answer> =>
    nobody.post('auth', '/api/auth/login', { username, password });
  const refresh = (refreshToken: unknown): Promise<Answer> =>
    nobody.post('auth', '/api/auth/refresh', { refreshToken });
  const patch = (user: string, change: unknown): Promise<Answer> =>
    admin.send('auth', 'PATCH', `/api/admin/users/${user}`, JSON.stringify(change));

  /** Signs a new person up and logs him in. */
  async function person(name = `p${randomUUID().slice(0, 8)}`): Promise<Person> {
    const signedUp = await nobody.post('auth', '/api/auth/signup', {
      username: name,
      email: `${name}@example.org`,
      password: PASSWORD,
    });
    expect(signedUp.status, JSON.stringify(signedUp.body)).to.equal(201);
    expect(signedUp.body.userId).to.match(USER_ID);
    expect(signedUp.body.message).to.be.a('string');
    const { body } = await logIn(name);
    const client = new ApiClient(server.urls, body.accessToken);
    return { id: body.user.id, username: name, client, refreshToken: body.refreshToken };
  }

  /** Whether a person's access token opens every service. */
  async function statuses({ client }: { client: ApiClient }): Promise<number[]> {
    const answers = await Promise.all([
      client.get('auth', '/api/auth/me'),
      client.get('accounting', '/api/credits/balance'),
      client.get('chat', '/api/chat/sessions'),
    ]);
    return answers.map(({ status }) => status);
  }

  it('logs in with every member of the page, and shows the account on both of its addresses', async () => {
    const { id, username, client } = await person();
    const { status, body, headers } = await logIn(username);
    expect(status).to.equal(200);
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(body.message).to.be.a('string');
    expect(body.accessToken).to.match(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(body.refreshToken).to.match(/^[\w-]{43}$/);
    expect(body.expiresIn).to.be.within(1, 900);
    expect(body.user).to.include({ id, username, email: `${username}@example.org`, role: 'user' });
    expect(body.user.isVerified).to.equal(false);
    const claims = JSON.parse(Buffer.from(body.accessToken.split('.')[1], 'base64url').toString());
    expect(claims).to.include({ sub: id, username, role: 'user', type: 'access' });
    expect(claims).to.include.keys('sid', 'email', 'iss', 'aud', 'iat', 'exp', 'jti');
    expect(claims.exp - claims.iat).to.be.within(1, 900);
    for (const path of ['/api/auth/me', '/api/profile']) {
      const me = await client.get('auth', path);
      expect([me.status, me.body.id, me.body.username, me.body.role]).to.deep.equal([
        200,
        id,
        username,
        'user',
      ]);
    }
  });

  it('answers an unknown user and a wrong password with one body', async () => {
    const { username } = await person();
    const known = await logIn(username, 'not the password');
    const unknown = await logIn('nobody-at-all', 'not the password');
    for (const answer of [known, unknown]) expectProblem(answer, 401, 'credential.invalid', 'error');
    const { requestId: _one, ...first } = known.body;
    const { requestId: _other, ...second } = unknown.body;
    expect(first).to.deep.equal(second);
  });

  it('refuses what is malformed with the path of the fault, on every route that takes a body', async () => {
    const { client } = await person();
    for (const [path, body, fault] of [
      ['/api/auth/signup', { username: 'x', email: 'x@example.org' }, 'password'],
      ['/api/auth/signup', { username: 5, email: 'x@example.org', password: PASSWORD }, 'username'],
      ['/api/auth/signup', { username: 'x', email: 'no address', password: PASSWORD }, 'email'],
      ['/api/auth/signup', { username: 'x', email: 'x@example.org', password: 'short' }, 'password'],
      ['/api/auth/signup', { username: 'x', email: 'x@example.org', password: 'x'.repeat(257) }, 'password'],
      ['/api/auth/login', { username: 'x' }, 'password'],
      ['/api/auth/login', { username: {}, password: 'x' }, 'username'],
      ['/api/auth/refresh', {}, 'refreshToken'],
      ['/api/auth/refresh', { refreshToken: 5 }, 'refreshToken'],
      ['/api/change-password', { currentPassword: PASSWORD }, 'newPassword'],
      ['/api/change-password', { currentPassword: PASSWORD, newPassword: 'short' }, 'newPassword'],
    ] as const) {
      const answer = await client.post('auth', path, body);
      expectProblem(answer, 400, 'request.invalid', 'error');
      expect(answer.body.errors[0].path, path).to.equal(fault);
    }
    const asText = { 'content-type': 'text/plain' };
    expectProblem(
      await nobody.post('auth', '/api/auth/login', {}, asText),
      415,
      'request.content_type',
      'error',
    );
    expectProblem(await nobody.get('auth', '/api/auth/login'), 405, 'request.method', 'error');
  });

  it('takes no second account under a name or email that reads the same', async () => {
    const name = `Straße${randomUUID().slice(0, 6)}`;
    await person(name);
    const rest = { email: `${randomUUID()}@example.org`, password: PASSWORD };
    for (const username of [name, name.toUpperCase(), name.replace('ß', 'ss'), `Ｓ${name.slice(1)}`]) {
      const answer = await nobody.post('auth', '/api/auth/signup', { ...rest, username });
      expectProblem(answer, 409, 'account.taken', 'error');
    }
    const email = `${name.toUpperCase()}@EXAMPLE.org`;
    const answer = await nobody.post('auth', '/api/auth/signup', { ...rest, username: 'another', email });
    expectProblem(answer, 409, 'account.taken', 'error');
    expect((await logIn(name.toUpperCase())).body.user.username).to.equal(name);
  });

  it('takes no name with the form of an id, a space or anything that nobody can see', async () => {
    const { id, username } = await person();
    for (const wrong of [
      id,
      id.toUpperCase(),
      `ｕ${id.slice(1)}`,
      'two words',
      `${username}\u200B`,
      `${username}\uFE0F`,
      `${username}\u3164`,
    ]) {
      const answer = await nobody.post('auth', '/api/auth/signup', {
        username: wrong,
        email: `${randomUUID()}@example.org`,
        password: PASSWORD,
      });
      expectProblem(answer, 400, 'request.invalid', 'error');
      expect(answer.body.errors[0].path).to.equal('username');
    }
  });

  it('rotates refresh tokens, and ends the family when a spent one comes back', async () => {
    const { client, refreshToken } = await person();
    const next = await refresh(refreshToken);
    expect(next.status).to.equal(200);
    expect(next.body).to.include.keys('accessToken', 'refreshToken', 'expiresIn');
    expect(next.body.refreshToken).not.to.equal(refreshToken);
    const renewed = new ApiClient(server.urls, next.body.accessToken);
    expect(await statuses({ client: renewed })).to.deep.equal([200, 200, 200]);
    expectProblem(await refresh(refreshToken), 401, 'credential.reused', 'error');
    expectProblem(await refresh(next.body.refreshToken), 401, 'credential.invalid', 'error');
    expect(await statuses({ client: renewed })).to.deep.equal([401, 401, 401]);
    expect(await statuses({ client })).to.deep.equal([401, 401, 401]);
  });

  it('lets at most one of racing refreshes through', async () => {
    const { refreshToken } = await person();
    const racing = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)));
    expect(racing.filter(({ status }) => status === 200)).to.have.length(1);
    expect(racing.filter(({ status }) => status === 401)).to.have.length(7);
    const winner = racing.find(({ status }) => status === 200);
    expect((await refresh(winner?.body.refreshToken)).status, 'the family has ended').to.equal(401);
  });

  it('refuses tokens that were tampered with, and other kinds of credential', async () => {
    const { client } = await person();
    const [head = '', payload = '', signature = ''] = client.token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const asAdmin = Buffer.from(JSON.stringify({ ...claims, role: 'admin' })).toString('base64url');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    for (const token of [
      `${head}.${asAdmin}.${signature}`,
      `${none}.${asAdmin}.`,
      `${head}.${payload}.${flipped}`,
      `${head}.${payload}`,
      'x',
    ]) {
      const forger = new ApiClient(server.urls, token);
      expectProblem(await forger.get('auth', '/api/auth/me'), 401, 'credential.invalid', 'error');
      expect(await statuses({ client: forger })).to.deep.equal([401, 401, 401]);
    }
    const basic = { authorization: `Basic ${Buffer.from('admin:admin@admin').toString('base64')}` };
    expectProblem(await nobody.get('auth', '/api/auth/me', basic), 401, 'credential.invalid', 'error');
    expectProblem(await nobody.get('auth', '/api/auth/me'), 401, 'credential.missing', 'error');
  });

  it('ends a login, or all of them, at once for every service', async () => {
    const one = await person();
    const second = (await logIn(one.username)).body;
    const other = { client: new ApiClient(server.urls, second.accessToken) };
    const out = await nobody.post('auth', '/api/auth/logout', { refreshToken: one.refreshToken });
    expect(out.status).to.equal(200);
    expect(await statuses(one)).to.deep.equal([401, 401, 401]);
    expect(await statuses(other)).to.deep.equal([200, 200, 200]);
    expectProblem(await refresh(one.refreshToken), 401, 'credential.invalid', 'error');
    const again = await nobody.post('auth', '/api/auth/logout', { refreshToken: one.refreshToken });
    expect(again.status, 'who logs out twice is logged out').to.equal(200);
    const third = (await logIn(one.username)).body;
    const all = await other.client.post('auth', '/api/auth/logout-all', {
      refreshToken: second.refreshToken,
    });
    expect(all.status).to.equal(200);
    for (const token of [second.accessToken, third.accessToken]) {
      expect(await statuses({ client: new ApiClient(server.urls, token) })).to.deep.equal([401, 401, 401]);
    }
    expectProblem(await nobody.post('auth', '/api/auth/logout'), 401, 'credential.missing', 'error');
  });

  it('changes a password, keeps the login that did it and ends the others', async () => {
    const one = await person();
    const second = (await logIn(one.username)).body;
    const change = (currentPassword: string, newPassword: string): Promise<Answer> =>
      one.client.post('auth', '/api/change-password', { currentPassword, newPassword });
    expectProblem(await change('not the password', 'the next password'), 401, 'credential.invalid', 'error');
    expect((await change(PASSWORD, 'the next password')).status).to.equal(200);
    expect(await statuses(one)).to.deep.equal([200, 200, 200]);
    const other = new ApiClient(server.urls, second.accessToken);
    expect(await statuses({ client: other })).to.deep.equal([401, 401, 401]);
    expect((await refresh(second.refreshToken)).status).to.equal(401);
    expect((await logIn(one.username)).status).to.equal(401);
    expect((await logIn(one.username, 'the next password')).status).to.equal(200);
  });

  for (const [what, change] of [
    ['another role', { role: 'supervisor' }],
    ['a password set by an admin', { password: 'set by an admin' }],
    ['disabling', { disabled: true }],
  ] as const) {
    it(`ends every login at once with ${what}`, async () => {
      const one = await person();
      expect((await patch(one.id, change)).status).to.equal(200);
      expect(await statuses(one)).to.deep.equal([401, 401, 401]);
      expect((await refresh(one.refreshToken)).status).to.equal(401);
    });
  }

  it('tells only who knows the password that an account is disabled', async () => {
    const { username } = await person();
    await patch(username, { disabled: true });
    expectProblem(await logIn(username), 403, 'account.disabled', 'error');
    expectProblem(await logIn(username, 'not the password'), 401, 'credential.invalid', 'error');
    await patch(username, { disabled: false });
    expect((await logIn(username)).status).to.equal(200);
  });

  it('publishes the keys that verify its tokens, and never a private one', async () => {
    const { status, body } = await nobody.get('auth', '/.well-known/jwks.json');
    expect(status).to.equal(200);
    expect(body.keys).to.have.length(1);
    expect(body.keys[0]).to.include({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    expect(body.keys[0]).not.to.have.any.keys('d', 'k');
  });
});
