import { expect } from 'chai';
import { BrowserTab } from '../../../support/browser-tab.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('the routes of a login by cookie', () => {
  let auth: IdentityService;
  let tab: BrowserTab;

  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('ada');
    tab = new BrowserTab(auth.origin.origin);
  });
  afterEach(() => auth.close());

  const another = async (headers: Record<string, string> = {}): Promise<BrowserTab> => {
    const other = new BrowserTab(auth.origin.origin);
    const login = { username: 'ada', password: 'password of ada' };
    expect((await other.send('POST', '/api/auth/session', login, { headers })).status).to.equal(200);
    return other;
  };
  const isIn = async (which: BrowserTab): Promise<boolean> =>
    (await which.send('GET', '/api/auth/me')).status === 200;

  it('log in with a cookie that only this host sets and no script reads, and end it', async () => {
    const login = await tab.logIn('ada');
    expect(login.status).to.equal(200);
    expect(login.body).to.have.all.keys('user', 'csrfToken');
    expect(login.body.user).to.include({ username: 'ada', role: 'user' });
    expect(tab.setCookie).to.match(
      /^__Host-holdfast=[A-Za-z0-9_-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(login.headers.get('cache-control')).to.equal('no-store');
    const who = await tab.send('GET', '/api/auth/session');
    expect([who.status, who.body]).to.deep.equal([200, login.body]);
    const out = await tab.send('DELETE', '/api/auth/session');
    expect(out.status).to.equal(200);
    expect(tab.setCookie).to.equal('__Host-holdfast=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax');
    expect((await tab.send('GET', '/api/auth/session')).body.code).to.equal('credential.missing');
  });

  it('refuse a cookie again once its login has ended', async () => {
    await tab.logIn('ada');
    const { cookie = '' } = tab;
    await tab.send('DELETE', '/api/auth/session');
    const replay = await tab.send('GET', '/api/auth/session', undefined, { cookie });
    expect([replay.status, replay.body.code]).to.deep.equal([401, 'credential.expired']);
    expect(replay.headers.get('www-authenticate')).to.equal('Bearer');
  });

  it('tell nobody apart from a wrong password who does not exist', async () => {
    const wrong = await tab.logIn('ada', 'not her password');
    const unknown = await tab.logIn('nobody', 'not her password');
    expect([wrong.status, unknown.status]).to.deep.equal([401, 401]);
    expect({ ...wrong.body, requestId: '' }).to.deep.equal({ ...unknown.body, requestId: '' });
    expect(tab.setCookie).to.equal(undefined);
  });

  it('begin each login with another secret and another id, whatever cookie comes along', async () => {
    await tab.logIn('ada');
    const first = tab.secret;
    await tab.logIn('ada');
    expect(tab.secret).to.not.equal(first);
    const planted = 'x'.repeat(43);
    const fixed = new BrowserTab(auth.origin.origin);
    fixed.cookie = `__Host-holdfast=${planted}`;
    expect((await fixed.logIn('ada')).status).to.equal(200);
    expect(fixed.secret).to.not.equal(planted);
    const replay = await tab.send('GET', '/api/auth/me', undefined, { cookie: `__Host-holdfast=${first}` });
    expect(replay.status).to.equal(401);
  });

  it("list one's own logins with device, address and last use, and which of them asks", async () => {
    await tab.logIn('ada');
    await another({ 'user-agent': FIREFOX });
    await auth.world.addUser('eve');
    await new BrowserTab(auth.origin.origin).logIn('eve');
    const { accessToken } = await auth.world.login('ada');
    const { status, body } = await tab.send('GET', '/api/auth/sessions');
    expect(status).to.equal(200);
    const shown = body.sessions.map(({ kind, current, device }: Record<string, unknown>) => [
      kind,
      current,
      device,
    ]);
    expect(shown).to.have.deep.members([
      ['bearer', false, 'Unknown device'],
      ['cookie', false, 'Firefox 140 on Linux'],
      ['cookie', true, 'node'],
    ]);
    expect(body.sessions[1]).to.include.keys('id', 'createdAt', 'lastUsedAt', 'expiresAt');
    expect(body.sessions.every(({ address }: { address: string }) => address === '127.0.0.1')).to.equal(true);
    expect(JSON.stringify(body)).to.not.contain(tab.secret);
    const byToken = await auth.send('GET', '/api/auth/sessions', { bearer: accessToken });
    expect(byToken.body.sessions.filter(({ current }: { current: boolean }) => current)).to.have.length(1);
  });

  it("end one of one's own, and nobody else's", async () => {
    await tab.logIn('ada');
    const other = await another();
    await auth.world.addUser('eve');
    const eve = new BrowserTab(auth.origin.origin);
    await eve.logIn('eve');
    const listed = (await tab.send('GET', '/api/auth/sessions')).body.sessions;
    const { id } = listed.find(({ current }: { current: boolean }) => !current);
    const foreign = await eve.send('DELETE', `/api/auth/sessions/${id}`);
    const unknown = await eve.send('DELETE', '/api/auth/sessions/s_unknown');
    expect([foreign.status, foreign.body.code]).to.deep.equal([404, 'login.not_found']);
    expect({ ...foreign.body, requestId: '' }).to.deep.equal({ ...unknown.body, requestId: '' });
    expect(await isIn(other)).to.equal(true);
    expect((await tab.send('DELETE', `/api/auth/sessions/${id}`)).status).to.equal(200);
    expect([await isIn(other), await isIn(tab)]).to.deep.equal([false, true]);
    expect(tab.cookie).to.not.equal(undefined);
  });

  it('take the cookie back when one ends the very login that asks', async () => {
    await tab.logIn('ada');
    const [{ id }] = (await tab.send('GET', '/api/auth/sessions')).body.sessions;
    expect((await tab.send('DELETE', `/api/auth/sessions/${id}`)).status).to.equal(200);
    expect(tab.cookie).to.equal(undefined);
  });

  it('end all others, those by tokens too', async () => {
    await tab.logIn('ada');
    const other = await another();
    const { accessToken } = await auth.world.login('ada');
    const answer = await tab.send('POST', '/api/auth/sessions/end-others');
    expect([answer.status, answer.body.ended]).to.deep.equal([200, 2]);
    expect([await isIn(tab), await isIn(other)]).to.deep.equal([true, false]);
    expect((await auth.send('GET', '/api/auth/me', { bearer: accessToken })).status).to.equal(401);
  });

  for (const [path, ends] of [
    ['/api/auth/logout', false],
    ['/api/auth/logout-all', true],
  ] as const) {
    it(`log out by ${path} with the cookie alone`, async () => {
      await tab.logIn('ada');
      const other = await another();
      const { cookie = '' } = tab;
      expect((await tab.send('POST', path)).status).to.equal(200);
      expect(tab.cookie).to.equal(undefined);
      expect((await tab.send('GET', '/api/auth/me', undefined, { cookie })).status).to.equal(401);
      expect(await isIn(other)).to.equal(!ends);
    });
  }

  it('log out by a refresh token, whatever cookie lies beside it', async () => {
    await tab.logIn('ada');
    const { refreshToken, accessToken } = await auth.world.login('ada');
    const out = await tab.send('POST', '/api/auth/logout', { refreshToken }, { csrfToken: 'none' });
    expect([out.status, out.headers.get('set-cookie')]).to.deep.equal([200, null]);
    expect(await isIn(tab)).to.equal(true);
    expect((await auth.send('GET', '/api/auth/me', { bearer: accessToken })).status).to.equal(401);
  });

  it('give the login that changes the password another cookie and token, and end every other', async () => {
    await tab.logIn('ada');
    const other = await another();
    const { cookie: before = '', csrfToken } = tab;
    const [{ id }] = (await tab.send('GET', '/api/auth/sessions')).body.sessions;
    const passwords = { currentPassword: 'password of ada', newPassword: 'quartz lantern meadow' };
    const changed = await tab.send('POST', '/api/change-password', passwords);
    expect(changed.status).to.equal(200);
    expect(changed.body).to.have.all.keys('message', 'csrfToken');
    expect([tab.cookie === before, tab.csrfToken === csrfToken]).to.deep.equal([false, false]);
    expect((await tab.send('GET', '/api/auth/me', undefined, { cookie: before })).status).to.equal(401);
    expect([await isIn(tab), await isIn(other)]).to.deep.equal([true, false]);
    const { sessions } = (await tab.send('GET', '/api/auth/sessions')).body;
    expect(sessions).to.have.length(1);
    expect(sessions[0].id).to.not.equal(id);
  });

  it('are open to the first admin before he has changed his password, and nothing else is', async () => {
    auth.close();
    auth = await serveIdentity();
    tab = new BrowserTab(auth.origin.origin);
    const { generated } = await auth.world.ensureFirstAccounts.execute({ demo: false });
    const login = await tab.logIn('admin', generated?.password);
    expect(login.body.user.mustChangePassword).to.equal(true);
    expect((await tab.send('GET', '/api/admin/users')).body.code).to.equal(
      'account.password_change_required',
    );
    expect((await tab.send('GET', '/api/auth/sessions')).status).to.equal(200);
    const passwords = { currentPassword: generated?.password, newPassword: 'quartz lantern meadow' };
    expect((await tab.send('POST', '/api/change-password', passwords)).status).to.equal(200);
    expect((await tab.send('GET', '/api/admin/users')).status).to.equal(200);
    expect((await tab.send('DELETE', '/api/auth/session')).status).to.equal(200);
  });
});
