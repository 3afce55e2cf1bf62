import { expect } from 'chai';
import type { Answer } from '../../../support/api-client.ts';
import { BrowserTab } from '../../../support/browser-tab.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';
import { SERVICE_KEY } from '../../../support/identity-world.ts';

describe("the routes of users' administration", () => {
  let auth: IdentityService;
  let admin: string;

  beforeEach(async () => {
    auth = await serveIdentity();
    await auth.world.addUser('root', 'admin');
    admin = (await auth.world.login('root')).accessToken;
  });

  afterEach(() => auth.close());

  const asAdmin = (method: string, path: string, body?: object) =>
    auth.send(method, path, { bearer: admin, ...(body === undefined ? {} : { body }) });
  const eve = { username: 'eve', email: 'eve@example.org', password: 'password of eve' };

  it('create, show, change and delete an account', async () => {
    auth.world.clock.advance(1);
    const made = await asAdmin('POST', '/api/admin/users', { ...eve, role: 'enduser', isVerified: true });
    expect(made.status).to.equal(201);
    expect(made.body.user).to.include({ username: 'eve', role: 'user', isVerified: true });
    const { userId } = made.body;
    const list = await asAdmin('GET', '/api/admin/users?limit=1&page=2');
    expect(list.body.users.map(({ username }: { username: string }) => username)).to.deep.equal(['eve']);
    expect(list.body.pagination).to.deep.equal({ total: 2, pages: 2, currentPage: 2, perPage: 1 });
    expect(JSON.stringify(list.body)).to.not.contain('password of');
    const changed = await asAdmin('PATCH', `/api/admin/users/${userId}`, { role: 'supervisor' });
    expect([changed.status, changed.body.user.role]).to.deep.equal([200, 'supervisor']);
    const gone = await asAdmin('DELETE', `/api/admin/users/${userId}`);
    expect([gone.status, gone.body.userId]).to.deep.equal([200, userId]);
    expect((await asAdmin('DELETE', `/api/admin/users/${userId}`)).status).to.equal(404);
    expect((await asAdmin('PATCH', '/api/admin/users/nobody', { disabled: true })).status).to.equal(404);
  });

  it('never lose the last admin', async () => {
    const path = '/api/admin/users/root';
    for (const answer of [
      await asAdmin('PATCH', path, { role: 'user' }),
      await asAdmin('PATCH', path, { disabled: true }),
      await asAdmin('DELETE', path),
    ]) {
      expect([answer.status, answer.body.code]).to.deep.equal([409, 'account.last_admin']);
    }
  });

  it('cut a disabled user off at once', async () => {
    await auth.world.addUser('eve');
    const bearer = (await auth.world.login('eve')).accessToken;
    await asAdmin('PATCH', '/api/admin/users/eve', { disabled: true });
    expect((await auth.send('GET', '/api/auth/me', { bearer })).status).to.equal(401);
  });

  for (const role of ['user', 'supervisor'] as const) {
    it(`are closed to a ${role}, to a service and to nobody`, async () => {
      await auth.world.addUser('eve', role);
      const bearer = (await auth.world.login('eve')).accessToken;
      for (const [method, path, body] of [
        ['GET', '/api/admin/users', undefined],
        ['POST', '/api/admin/users', eve],
        ['PATCH', '/api/admin/users/root', { role: 'user' }],
        ['DELETE', '/api/admin/users/root', undefined],
        ['POST', '/api/admin/users/root/end-logins', undefined],
      ] as const) {
        const given = body === undefined ? {} : { body };
        expect((await auth.send(method, path, { ...given, bearer })).status).to.equal(403);
        expect((await auth.send(method, path, { ...given, bearer: SERVICE_KEY })).status).to.equal(403);
        expect((await auth.send(method, path, given)).status).to.equal(401);
      }
      expect(await auth.world.users.count()).to.equal(2);
    });
  }

  it('end every login of an account and nothing else, and tell who did', async () => {
    const { id } = await auth.world.addUser('mona');
    const logins = [await auth.world.login('mona'), await auth.world.login('mona')];
    const answer = await asAdmin('POST', '/api/admin/users/mona/end-logins');
    expect([answer.status, answer.body.ended]).to.deep.equal([200, 2]);
    for (const { accessToken: bearer } of logins)
      expect((await auth.send('GET', '/api/auth/me', { bearer })).status).to.equal(401);
    expect((await asAdmin('GET', '/api/admin/users')).status).to.equal(200);
    await auth.world.login('mona');
    const told = auth.world.records.filter(({ act }) => act === 'login.ended_everywhere');
    expect(told.map(({ object, facts }) => [object, facts?.ended])).to.deep.equal([[id, 2]]);
    expect((await asAdmin('POST', '/api/admin/users/nobody/end-logins')).status).to.equal(404);
  });

  for (const [what, query] of [
    ['page 0', 'page=0'],
    ['a page that is no number', 'page=x'],
    ['1,000 rows', 'limit=1000'],
    ['a long text', `query=${'x'.repeat(300)}`],
  ] as const) {
    it(`refuse to list ${what}`, async () => {
      const answer = await asAdmin('GET', `/api/admin/users?${query}`);
      expect([answer.status, answer.body.code]).to.deep.equal([400, 'request.invalid']);
    });
  }
});

describe('the declared answers of auth', () => {
  it('are what auth answers', async () => {
    const auth = await serveIdentity();
    try {
      await auth.world.addUser('root', 'admin');
      const grant = await auth.world.login('root');
      const bearer = grant.accessToken;
      const eve = { username: 'eve', email: 'eve@example.org', password: 'password of eve' };
      const login = { username: 'root', password: 'password of root' };
      const passwords = { currentPassword: login.password, newPassword: 'another password' };
      const tab = new BrowserTab(auth.origin.origin);
      const endLogin = async (): Promise<Answer> => {
        await tab.logIn('root', passwords.newPassword);
        const [{ id }] = (await tab.send('GET', '/api/auth/sessions')).body.sessions;
        return tab.send('DELETE', `/api/auth/sessions/${id}`);
      };
      const asked = [
        ['getMe', await auth.send('GET', '/api/auth/me', { bearer })],
        ['getProfile', await auth.send('GET', '/api/profile', { bearer })],
        [
          'signUp',
          await auth.send('POST', '/api/auth/signup', { body: { ...eve, username: 'u', email: 'u@b.org' } }),
        ],
        ['logIn', await auth.send('POST', '/api/auth/login', { body: login })],
        [
          'refreshLogin',
          await auth.send('POST', '/api/auth/refresh', { body: { refreshToken: grant.refreshToken } }),
        ],
        ...(await askAboutKeys(auth, bearer)),
        ['createUser', await auth.send('POST', '/api/admin/users', { bearer, body: eve })],
        ['listUsers', await auth.send('GET', '/api/admin/users', { bearer })],
        [
          'changeUser',
          await auth.send('PATCH', '/api/admin/users/eve', { bearer, body: { isVerified: true } }),
        ],
        ['endUsersLogins', await auth.send('POST', '/api/admin/users/eve/end-logins', { bearer })],
        ['deleteUser', await auth.send('DELETE', '/api/admin/users/eve', { bearer })],
        ['changePassword', await auth.send('POST', '/api/change-password', { bearer, body: passwords })],
        ['getKeys', await auth.send('GET', '/.well-known/jwks.json')],
        [
          'resolvePrincipal',
          await auth.send('POST', '/internal/principals/resolve', {
            bearer: SERVICE_KEY,
            body: { query: '' },
          }),
        ],
        ['beginSession', await tab.logIn('root', passwords.newPassword)],
        ['getSession', await tab.send('GET', '/api/auth/session')],
        ['listLogins', await tab.send('GET', '/api/auth/sessions')],
        ['endOtherLogins', await tab.send('POST', '/api/auth/sessions/end-others')],
        ['endSession', await tab.send('DELETE', '/api/auth/session')],
        ['endLogin', await endLogin()],
        ['logOut', await auth.send('POST', '/api/auth/logout', { body: { refreshToken: 'x' } })],
        [
          'logOutEverywhere',
          await auth.send('POST', '/api/auth/logout-all', { body: { refreshToken: 'x' } }),
        ],
      ] as const;
      const declared = auth.routes.filter(({ answers }) => answers[200]?.schema !== 'event-stream');
      expect(asked.map(([id]) => id)).to.have.members(declared.map(({ operationId }) => operationId));
      for (const [id, answer] of asked) {
        const schema = auth.routes.find(({ operationId }) => operationId === id)?.answers[answer.status]
          ?.schema;
        expect(typeof schema, `${id} ${answer.status}`).to.equal('object');
        if (typeof schema === 'object') expect(schema.parse(answer.body), id).to.deep.equal(answer.body);
      }
    } finally {
      auth.close();
    }
  });
});

/** The answers of the routes of API keys and tickets, by the operations of the document. */
async function askAboutKeys(
  auth: IdentityService,
  bearer: string,
): Promise<ReadonlyArray<readonly [string, Answer]>> {
  const draft = { name: 'k', scopes: ['chat'], expiresAt: '2099-01-01T00:00:00Z' };
  const body = { ...draft, password: 'password of root' };
  const minted = await auth.send('POST', '/api/keys', { bearer, body });
  const ticket = await auth.send('POST', '/api/ws/tickets', { bearer });
  const use = { bearer: SERVICE_KEY, body: { sessionId: 's_1' } };
  const redemption = { bearer: SERVICE_KEY, body: { ticket: ticket.body.ticket } };
  return [
    ['mintApiKey', minted],
    ['listApiKeys', await auth.send('GET', '/api/keys', { bearer })],
    ['revokeApiKey', await auth.send('DELETE', `/api/keys/${minted.body.id}`, { bearer })],
    ['mintTicket', ticket],
    ['redeemTicket', await auth.send('POST', '/internal/tickets/redeem', redemption)],
    ['useSession', await auth.send('POST', '/internal/sessions/use', use)],
  ];
}
