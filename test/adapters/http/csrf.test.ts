import { expect } from 'chai';
import { csrfTokenOf } from '../../../src/adapters/inbound/http/csrf-token.ts';
import { BrowserTab, type Oddities } from '../../support/browser-tab.ts';
import { type IdentityService, serveIdentity } from '../../support/identity-service.ts';

/** What a page of another site makes a browser send, or what an old browser leaves out. */
const FOREIGN: ReadonlyArray<readonly [string, Oddities]> = [
  ['a page of another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
  ['a page of a neighbouring host', { headers: { 'sec-fetch-site': 'same-site' } }],
  ['fetch metadata that is none', { headers: { 'sec-fetch-site': 'Same-Origin' } }],
  ['fetch metadata said twice', { headers: { 'sec-fetch-site': 'same-origin, cross-site' } }],
  ['empty fetch metadata', { headers: { 'sec-fetch-site': ' ' } }],
  ['another origin', { origin: 'https://evil.example' }],
  ['a hidden origin', { origin: 'null' }],
  ['our name on another port', { origin: 'http://127.0.0.1:1' }],
  ['our name by https', { origin: 'https://127.0.0.1' }],
  ['neither origin nor fetch metadata', { origin: '' }],
];

describe('a write by cookie', () => {
  let auth: IdentityService;
  let tab: BrowserTab;

  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('ada');
    tab = new BrowserTab(auth.origin.origin);
    expect((await tab.logIn('ada')).status).to.equal(200);
  });
  afterEach(() => auth.close());

  const endOthers = (odd: Oddities = {}) => tab.send('POST', '/api/auth/sessions/end-others', undefined, odd);

  it('is open to a page of ours with the token, by fetch metadata or by its origin', async () => {
    expect((await endOthers()).status).to.equal(200);
    for (const site of ['same-origin', 'none']) {
      const odd = { origin: '', headers: { 'sec-fetch-site': site } };
      expect((await endOthers(odd)).status, site).to.equal(200);
    }
  });

  it('believes fetch metadata before the origin, which a page of ours may hide', async () => {
    const hidden = { origin: 'null', headers: { 'sec-fetch-site': 'same-origin' } };
    expect((await endOthers(hidden)).status).to.equal(200);
    const claimed = { headers: { 'sec-fetch-site': 'cross-site' } };
    expect((await endOthers(claimed)).status).to.equal(403);
  });

  for (const [what, odd] of FOREIGN) {
    it(`is refused from ${what}, though it has cookie and token`, async () => {
      await auth.world.login('ada');
      const { status, body } = await endOthers(odd);
      expect([status, body.code]).to.deep.equal([403, 'request.cross_site']);
      expect((await tab.send('GET', '/api/auth/sessions')).body.sessions).to.have.length(2);
    });

    it(`and so is a login from ${what}`, async () => {
      const login = { username: 'ada', password: 'password of ada' };
      const other = new BrowserTab(auth.origin.origin);
      const { status, body } = await other.send('POST', '/api/auth/session', login, odd);
      expect([status, body.code]).to.deep.equal([403, 'request.cross_site']);
      expect(other.setCookie).to.equal(undefined);
    });
  }

  it('is refused without its token, with one changed character, and with that of another login', async () => {
    const { csrfToken } = tab;
    const other = new BrowserTab(auth.origin.origin);
    await other.logIn('ada');
    const flipped = `${csrfToken.startsWith('A') ? 'B' : 'A'}${csrfToken.slice(1)}`;
    for (const odd of [
      { headers: { 'x-csrf-token': '' } },
      { csrfToken: flipped },
      { csrfToken: csrfToken.slice(1) },
      { csrfToken: `${csrfToken}, ${csrfToken}` },
      { csrfToken: other.csrfToken },
      { csrfToken: csrfTokenOf('x'.repeat(43)) },
      { csrfToken: tab.secret },
    ]) {
      const { status, body } = await endOthers(odd);
      expect([status, body.code], JSON.stringify(odd)).to.deep.equal([403, 'request.csrf_token']);
    }
    expect((await endOthers()).status).to.equal(200);
  });

  it('asks for both with every method that changes something', async () => {
    for (const [method, path, body] of [
      ['DELETE', '/api/auth/session', undefined],
      ['DELETE', '/api/auth/sessions/s_1', undefined],
      ['POST', '/api/auth/logout', {}],
      ['POST', '/api/auth/logout-all', undefined],
      ['POST', '/api/change-password', { currentPassword: 'password of ada', newPassword: 'another one' }],
      ['PATCH', '/api/admin/users/ada', { role: 'admin' }],
      ['POST', '/api/ws/tickets', undefined],
    ] as const) {
      const foreign = await tab.send(method, path, body, { origin: 'https://evil.example' });
      expect([foreign.status, foreign.body.code], path).to.deep.equal([403, 'request.cross_site']);
      const bare = await tab.send(method, path, body, { headers: { 'x-csrf-token': '' } });
      expect([bare.status, bare.body.code], path).to.deep.equal([403, 'request.csrf_token']);
    }
    expect((await tab.send('GET', '/api/auth/me')).status).to.equal(200);
  });

  it('needs neither when a bearer decides, whatever cookie comes along', async () => {
    const { accessToken } = await auth.world.login('ada');
    const headers = { authorization: `Bearer ${accessToken}` };
    const odd = { origin: 'https://evil.example', csrfToken: 'none', headers };
    expect((await endOthers(odd)).status).to.equal(200);
    expect((await tab.send('GET', '/api/auth/me')).status).to.equal(401);
  });

  it('reads without either, because reading changes nothing', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await tab.send('GET', '/api/auth/me', undefined, { headers })).status).to.equal(200);
  });
});
