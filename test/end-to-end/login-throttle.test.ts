import { expect } from 'chai';
import { type Answer, ApiClient } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORD = 'a long enough password';
/** The ten minutes in which one network's wrong passwords are counted. */
const LONGEST_WAIT_SECONDS = 600;

describe('guessing at the door, as an outside client does it', function () {
  this.timeout(60_000);
  let server: RunningServer;

  const serve = async (...flags: string[]): Promise<void> => {
    server = await RunningServer.start(flags);
    const ada = { username: 'ada', email: 'ada@example.org', password: PASSWORD };
    const client = new ApiClient(server.urls);
    expect((await client.post('auth', '/api/auth/signup', ada, FROM_PROXY)).status).to.equal(201);
  };
  afterEach(() => server.dispose());

  const FROM_PROXY = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.99' };
  const logIn = (
    password: string,
    headers: Readonly<Record<string, string>> = {},
    username = 'ada',
  ): Promise<Answer> =>
    new ApiClient(server.urls).post('auth', '/api/auth/login', { username, password }, headers);

  it('waits, whatever address it claims to come from', async () => {
    await serve('--login-network-failures', '4');
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const forged = { 'x-forwarded-for': `203.0.113.${attempt}`, forwarded: `for=203.0.113.${attempt}` };
      expect((await logIn('a wrong password', forged)).status).to.equal(401);
    }
    const { status, headers, body } = await logIn(PASSWORD, { 'x-forwarded-for': '203.0.113.77' });
    expect([status, body.code]).to.deep.equal([429, 'login.throttled']);
    expect(Number(headers.get('retry-after'))).to.be.within(1, LONGEST_WAIT_SECONDS);
    expect(body.error).to.equal(body.detail);
  });

  it('waits at every door: logging in, logging a browser in, and asking for the password again', async () => {
    await serve('--login-network-failures', '4');
    const client = new ApiClient(server.urls);
    const { body } = await logIn(PASSWORD);
    const bearer = { authorization: `Bearer ${body.accessToken}` };
    const wrong = { username: 'ada', password: 'a wrong password' };
    const change = { currentPassword: 'a wrong password', newPassword: 'another long password' };
    const key = { name: 'k', scopes: ['chat'], password: 'a wrong password' };
    const doors = [
      () => client.post('auth', '/api/auth/session', wrong, { 'sec-fetch-site': 'same-origin' }),
      () => client.post('auth', '/api/change-password', change, bearer),
      () => client.post('auth', '/api/keys', key, bearer),
      () => logIn('a wrong password'),
    ];
    for (const door of doors) expect((await door()).status).to.equal(401);
    for (const door of doors) {
      const refused = await door();
      expect([refused.status, refused.body.code]).to.deep.equal([429, 'login.throttled']);
    }
  });

  it('gets the same answers for an account that is not there', async () => {
    const seen = async (username: string): Promise<unknown[]> => {
      await serve('--login-network-failures', '3');
      const answers: unknown[] = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const { status, headers, body } = await logIn('a wrong password', {}, username);
        const { requestId, ...rest } = body;
        expect(requestId).to.be.a('string');
        answers.push([status, rest, headers.has('retry-after'), headers.get('www-authenticate')]);
      }
      await server.dispose();
      return answers;
    };
    const known = await seen('ada');
    expect(known).to.deep.equal(await seen('nobody'));
    expect(known.map((answer) => (answer as unknown[])[0])).to.deep.equal([401, 401, 401, 429, 429]);
  });

  it('is counted by the address that a declared proxy names, an IPv6 one by its /64', async () => {
    await serve('--trusted-proxy', '127.0.0.1', '--login-network-failures', '2');
    const from = (address: string, password: string, username?: string): Promise<Answer> =>
      logIn(password, { ...FROM_PROXY, 'x-forwarded-for': address }, username);
    for (const host of ['1', '2:3:4']) {
      expect((await from(`2001:db8:0:1::${host}`, 'a wrong password', `user${host[0]}`)).status).to.equal(
        401,
      );
    }
    const refused = await from('2001:db8:0:1:ffff::9', PASSWORD);
    expect(refused.status).to.equal(429);
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, LONGEST_WAIT_SECONDS);
    expect((await from('2001:db8:0:2::1', PASSWORD)).status).to.equal(200);
    expect((await from('192.0.2.1', PASSWORD)).status).to.equal(200);
  });

  it('ends at the limit of sign-ups from one address', async () => {
    await serve('--login-network-sign-ups', '1');
    const client = new ApiClient(server.urls);
    const eve = { username: 'eve', email: 'eve@example.org', password: PASSWORD };
    const { status, body } = await client.post('auth', '/api/auth/signup', eve);
    expect([status, body.code]).to.deep.equal([429, 'login.throttled']);
  });
});
