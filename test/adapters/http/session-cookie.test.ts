import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { SessionCookie } from '../../../src/adapters/inbound/http/session-cookie.ts';
import { BrowserTab } from '../../support/browser-tab.ts';
import { type IdentityService, serveIdentity } from '../../support/identity-service.ts';

const SECRET = 'a'.repeat(43);

const read = (cookie: SessionCookie, ...lines: string[]) =>
  cookie.of({ headersDistinct: { cookie: lines } } as unknown as IncomingMessage);

describe('the session cookie', () => {
  const own = new SessionCookie();
  const shared = new SessionCookie({ domain: 'example.org' });

  it('is written for this host alone, or for the hosts of a domain', () => {
    expect(own.set(SECRET, 60)).to.equal(
      `__Host-holdfast=${SECRET}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
    expect(shared.set(SECRET, 60)).to.equal(
      `__Secure-holdfast=${SECRET}; Max-Age=60; Domain=example.org; Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
  });

  it('is cleared with the attributes it was set with', () => {
    for (const cookie of [own, shared]) {
      const [, , ...set] = cookie.set(SECRET, 60).split('; ');
      const [pair, age, ...cleared] = cookie.clear().split('; ');
      expect([pair, age]).to.deep.equal([`${cookie.name}=`, 'Max-Age=0']);
      expect(cleared).to.deep.equal(set);
    }
  });

  it('is found among others, in one header or several', () => {
    expect(read(own, `a=1; __Host-holdfast=${SECRET}; b=2`)).to.deep.equal({ kind: 'one', secret: SECRET });
    expect(read(own, 'a=1', `\t__Host-holdfast =${SECRET}`)).to.deep.equal({ kind: 'one', secret: SECRET });
    expect(read(own)).to.deep.equal({ kind: 'none' });
    expect(read(own, 'a=1; b')).to.deep.equal({ kind: 'none' });
  });

  for (const [what, ...lines] of [
    ['twice in one header', `__Host-holdfast=${SECRET}; __Host-holdfast=${SECRET}`],
    ['twice with other values', `__Host-holdfast=${SECRET}; a=1; __Host-holdfast=x`],
    ['twice in two headers', `__Host-holdfast=${SECRET}`, `__Host-holdfast=x`],
    ['twice, once empty', `__Host-holdfast=; __Host-holdfast=${SECRET}`],
  ] as const) {
    it(`is seen to come ${what}`, () => expect(read(own, ...lines)).to.deep.equal({ kind: 'several' }));
  }

  for (const [what, name] of [
    ['another case', '__host-holdfast'],
    ['the other prefix', '__Secure-holdfast'],
    ['no prefix', 'holdfast'],
    ['a blank that browsers do not take for one', '\u00a0__Host-holdfast'],
    ['such a blank in UTF-8, as its bytes arrive', '\u00e2\u0080\u0080__Host-holdfast'],
    ['a vertical tab', '\v__Host-holdfast'],
    ['quotes', '"__Host-holdfast"'],
    ['an escape', '__Host%2Dholdfast'],
  ] as const) {
    it(`is not taken from a name with ${what}`, () => {
      expect(read(own, `${name}=${SECRET}`)).to.deep.equal({ kind: 'none' });
      expect(read(own, `${name}=x; __Host-holdfast=${SECRET}`)).to.deep.equal({
        kind: 'one',
        secret: SECRET,
      });
    });
  }

  it('keeps its value as it stands, without decoding', () => {
    expect(read(own, '__Host-holdfast=%61"b"')).to.deep.equal({ kind: 'one', secret: '%61"b"' });
  });
});

describe('a session cookie that is not as it was given', () => {
  let auth: IdentityService;
  let tab: BrowserTab;
  let looked: number;

  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('ada');
    tab = new BrowserTab(auth.origin.origin);
    await tab.logIn('ada');
    looked = 0;
    const find = auth.world.sessions.findByCookie.bind(auth.world.sessions);
    auth.world.sessions.findByCookie = (hash) => {
      looked += 1;
      return find(hash);
    };
  });
  afterEach(() => auth.close());

  const me = (cookie: string, headers: Record<string, string> = {}) =>
    tab.send('GET', '/api/auth/me', undefined, { cookie, headers });

  it('is refused with any one character changed', async () => {
    for (const at of [0, 21, 42]) {
      const flip = tab.secret[at] === 'A' ? 'B' : 'A';
      const value = tab.secret.slice(0, at) + flip + tab.secret.slice(at + 1);
      const { status, body } = await me(`__Host-holdfast=${value}`);
      expect([status, body.code]).to.deep.equal([401, 'credential.invalid']);
    }
    expect((await me(tab.cookie ?? '')).status).to.equal(200);
  });

  it('is refused without asking the store when it has not the form of a secret', async () => {
    for (const value of [
      '',
      'x',
      `${tab.secret}A`,
      tab.secret.slice(1),
      `${tab.secret.slice(1)}!`,
      'a.b.c',
    ]) {
      const { status, body } = await me(`__Host-holdfast=${value}`);
      expect([status, body.code], value).to.deep.equal([401, 'credential.invalid']);
    }
    expect(looked).to.equal(0);
  });

  it('is refused when there are several, wherever it decides, also where a login by cookie begins', async () => {
    const twice = `${tab.cookie}; ${tab.cookie}`;
    expect((await me(twice)).body.code).to.equal('credential.invalid');
    const login = { username: 'ada', password: 'password of ada' };
    const again = await tab.send('POST', '/api/auth/session', login, { cookie: twice });
    expect([again.status, again.body.code]).to.deep.equal([401, 'credential.invalid']);
    const logOut = await tab.send('POST', '/api/auth/logout', undefined, { cookie: twice });
    expect(logOut.status).to.equal(401);
  });

  it('is never fallen back to from a bad bearer, nor a bearer from it', async () => {
    const bad = { authorization: 'Bearer bad' };
    expect((await me(tab.cookie ?? '', bad)).status).to.equal(401);
    const { accessToken } = await auth.world.login('ada');
    const good = { authorization: `Bearer ${accessToken}` };
    expect((await me('__Host-holdfast=bad', good)).status).to.equal(200);
  });

  it('is no bearer, and a bearer is no cookie', async () => {
    const { accessToken } = await auth.world.login('ada');
    expect((await me(`__Host-holdfast=${accessToken}`)).status).to.equal(401);
    expect((await auth.send('GET', '/api/auth/me', { bearer: tab.secret })).status).to.equal(401);
  });

  it('is not looked at by what is public, nor where a body carries the credential', async () => {
    const cookie = `__Host-holdfast=${'x'.repeat(43)}; __Host-holdfast=bad`;
    expect((await tab.send('GET', '/.well-known/jwks.json', undefined, { cookie })).status).to.equal(200);
    const login = { username: 'ada', password: 'password of ada' };
    expect((await tab.send('POST', '/api/auth/login', login, { cookie })).status).to.equal(200);
    expect(looked).to.equal(0);
  });

  it('stands in the store, the log and the answers nowhere but in Set-Cookie', async () => {
    await tab.send('GET', '/api/auth/sessions');
    const session = (
      await auth.world.listLogins.execute({
        userId: (await auth.world.users.findByUsername('ada'))?.id as never,
      })
    )[0];
    expect(JSON.stringify(session)).to.not.contain(tab.secret);
    expect(JSON.stringify(auth.log.lines)).to.not.contain(tab.secret);
    expect(JSON.stringify(auth.world.audit.records)).to.not.contain(tab.secret);
  });
});
