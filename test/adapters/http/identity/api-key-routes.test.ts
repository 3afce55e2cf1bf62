import { expect } from 'chai';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';
import { SERVICE_KEY } from '../../../support/identity-world.ts';

describe('the routes of API keys', () => {
  let auth: IdentityService;
  let bearer: string;
  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('ann');
    await auth.world.addUser('root', 'admin');
    bearer = (await auth.world.login('ann')).accessToken;
  });
  afterEach(() => auth.close());

  const draft = { name: 'a script', scopes: ['chat'], password: 'password of ann' };
  const mint = (body: object = {}, by = bearer) =>
    auth.send('POST', '/api/keys', { bearer: by, body: { ...draft, ...body } });
  const asRoot = async (): Promise<string> => (await auth.world.login('root')).accessToken;
  const rootsPassword = { password: 'password of root' };

  it('show a key once, and never again', async () => {
    const expiresAt = '2099-01-01T00:00:00.000Z';
    const minted = await mint({ expiresAt });
    expect([minted.status, minted.headers.get('cache-control')]).to.deep.equal([201, 'no-store']);
    const { key, ...rest } = minted.body;
    expect(rest).to.include({ name: 'a script', expiresAt });
    await auth.send('GET', '/api/auth/me', { bearer: key });
    const listed = await auth.send('GET', '/api/keys', { bearer });
    const lastUsedAt = new Date(auth.world.clock.nowMs()).toISOString();
    expect(listed.body).to.deep.equal({ keys: [{ ...rest, lastUsedAt }] });
    const everything = JSON.stringify([listed.body, auth.log.lines, auth.world.records]);
    expect(everything).to.not.include(key);
    expect(everything).to.not.include(auth.world.digest.sha256Hex(key));
  });

  for (const [what, body, status, code] of [
    ['a wrong password', { password: 'a guess' }, 401, 'credential.invalid'],
    ['no password', { password: undefined }, 400, 'request.invalid'],
    ['an unknown scope', { scopes: ['everything'] }, 400, 'request.invalid'],
    ['no scope', { scopes: [] }, 400, 'request.invalid'],
    ['a long name', { name: 'x'.repeat(101) }, 400, 'request.invalid'],
    ['a time that is none', { expiresAt: 'tomorrow' }, 400, 'request.invalid'],
    ['a time that is past', { expiresAt: '2001-01-01T00:00:00Z' }, 400, 'request.invalid'],
    ['an agent for a chat key', { agent: 'builder' }, 400, 'request.invalid'],
    ['a scope of admins', { scopes: ['admin:read'] }, 403, 'permission.denied'],
    ['the scope of agents', { scopes: ['control'] }, 403, 'permission.denied'],
  ] as const) {
    it(`refuse ${what}`, async () => {
      const answer = await mint(body);
      expect([answer.status, answer.body.code]).to.deep.equal([status, code]);
      expect((await auth.send('GET', '/api/keys', { bearer })).body.keys).to.deep.equal([]);
    });
  }

  it('take a login, whatever the scopes of a key that knocks', async () => {
    const root = await asRoot();
    const all = (await mint({ ...rootsPassword, scopes: ['chat', 'mux', 'admin:read'] }, root)).body;
    const control = (await mint({ ...rootsPassword, scopes: ['control'] }, root)).body;
    for (const { id, key } of [all, control]) {
      const path = `/api/keys/${id}`;
      for (const answer of [
        await mint(rootsPassword, key),
        await auth.send('GET', '/api/keys', { bearer: key }),
        await auth.send('DELETE', path, { bearer: key }),
        await auth.send('POST', '/api/ws/tickets', { bearer: key }),
        await auth.send('POST', '/api/change-password', {
          bearer: key,
          body: { currentPassword: 'password of root', newPassword: 'quartz lantern meadow' },
        }),
        await auth.send('GET', '/api/admin/users', { bearer: key }),
        await auth.send('POST', '/internal/principals/resolve', { bearer: key, body: { query: '' } }),
      ]) {
        expect([answer.status, answer.body.code]).to.deep.equal([403, 'permission.denied']);
      }
    }
    expect((await auth.send('GET', '/api/auth/me', { bearer: all.key })).status).to.equal(200);
    expect((await auth.send('GET', '/api/auth/me', { bearer: control.key })).status).to.equal(403);
  });

  it('show an admin the keys of agents beside his own, and let him end them', async () => {
    const root = await asRoot();
    const control = await mint({ ...rootsPassword, scopes: ['control'], agent: 'builder' }, root);
    expect(control.body).to.deep.include({ scopes: ['control'], agent: 'builder' });
    await mint();
    const names = async (by: string): Promise<string[]> =>
      (await auth.send('GET', '/api/keys', { bearer: by })).body.keys.map((key: { id: string }) => key.id);
    expect(await names(root)).to.deep.equal([control.body.id]);
    expect(await names(bearer)).to.not.include(control.body.id);
    const path = `/api/keys/${control.body.id}`;
    expect((await auth.send('DELETE', path, { bearer })).status).to.equal(404);
    expect((await auth.send('DELETE', path, { bearer: root })).status).to.equal(200);
    expect((await auth.send('DELETE', path, { bearer: root })).body.code).to.equal('api_key.not_found');
  });

  it("answer for somebody else's key as for none, and refuse what is no id", async () => {
    const { id, key } = (await mint()).body;
    const root = await asRoot();
    const foreign = await auth.send('DELETE', `/api/keys/${id}`, { bearer: root });
    const nobodys = await auth.send('DELETE', '/api/keys/000000000000', { bearer: root });
    const { requestId: _one, ...said } = foreign.body;
    const { requestId: _other, ...saidOfNone } = nobodys.body;
    expect([foreign.status, said]).to.deep.equal([404, saidOfNone]);
    expect((await auth.send('DELETE', '/api/keys/nonsense', { bearer })).status).to.equal(400);
    expect((await auth.send('GET', '/api/auth/me', { bearer: key })).status).to.equal(200);
  });

  it('refuse a revoked key and a mistyped one with 401, and fall back on nothing', async () => {
    const { id, key } = (await mint()).body;
    const typo = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
    const me = async (by: string) => {
      const answer = await auth.send('GET', '/api/auth/me', { bearer: by });
      return [answer.status, answer.body.code];
    };
    expect(await me(typo)).to.deep.equal([401, 'credential.invalid']);
    await auth.send('DELETE', `/api/keys/${id}`, { bearer });
    expect(await me(key)).to.deep.equal([401, 'credential.expired']);
  });

  it('tell a service whom a key stands for, and nothing of one that has ended', async () => {
    const root = await asRoot();
    const resolve = async (credential: string) =>
      (
        await auth.send('POST', '/internal/principals/resolve', {
          bearer: SERVICE_KEY,
          body: { credential },
        })
      ).body.principal;
    const { id, key } = (await mint()).body;
    expect(await resolve(key)).to.deep.include({
      username: 'ann',
      role: 'user',
      apiKeyId: id,
      scopes: ['chat'],
    });
    const control = (await mint({ ...rootsPassword, scopes: ['control'] }, root)).body;
    expect(await resolve(control.key)).to.deep.equal({
      apiKeyId: control.id,
      agent: null,
      scopes: ['control'],
    });
    await auth.send('DELETE', `/api/keys/${id}`, { bearer });
    expect(await resolve(key)).to.equal(null);
  });
});

describe('the routes of tickets', () => {
  let auth: IdentityService;
  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('ann');
  });
  afterEach(() => auth.close());

  const redeem = async (ticket: string) =>
    (await auth.send('POST', '/internal/tickets/redeem', { bearer: SERVICE_KEY, body: { ticket } })).body
      .principal;

  it('make one that a service redeems once', async () => {
    const { accessToken: bearer } = await auth.world.login('ann');
    const minted = await auth.send('POST', '/api/ws/tickets', { bearer });
    expect([minted.status, minted.body.expiresIn]).to.deep.equal([201, 30]);
    expect(minted.headers.get('cache-control')).to.equal('no-store');
    const racing = await Promise.all([redeem(minted.body.ticket), redeem(minted.body.ticket)]);
    const [redeemed, ...others] = racing.filter((principal) => principal !== null);
    expect(redeemed).to.include({ username: 'ann', role: 'user' });
    expect(redeemed.sessionId).to.match(/^s_/);
    expect(others).to.deep.equal([]);
    expect(await redeem('nobody made this')).to.equal(null);
  });

  it('take somebody who is logged in, and are redeemed by a service alone', async () => {
    expect((await auth.send('POST', '/api/ws/tickets')).status).to.equal(401);
    const { accessToken: bearer } = await auth.world.login('ann');
    const { ticket } = (await auth.send('POST', '/api/ws/tickets', { bearer })).body;
    const own = await auth.send('POST', '/internal/tickets/redeem', { bearer, body: { ticket } });
    expect(own.status).to.equal(403);
    expect(await redeem(ticket)).to.not.equal(null);
  });
});
