import { expect } from 'chai';
import type { Route } from '../../src/adapters/inbound/http/route.ts';
import { PERMISSIONS } from '../../src/domain/identity/permission.ts';
import { SERVICES, type ServiceName } from '../../src/main/service-name.ts';
import { type ComposedServer, composedServer, TEST_SERVICE_KEY } from '../support/composed-server.ts';
import { ALLOWED, ENDS_THE_LOGIN, SENDERS, type SenderName } from '../support/doors.ts';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Opaque ids of the forms that the store gives out, of nothing that exists. */
const NOTHING = 'nothing-of-that-name';
const ACCOUNTS = { user: 'user1', supervisor: 'supervisor1', admin: 'admin' } as const;

describe('who may do what', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  const credentials: Partial<Record<SenderName, string>> = { service: TEST_SERVICE_KEY };
  const doors: Array<{ service: ServiceName; door: string; route: Route }> = [];

  before(async () => {
    server = await composedServer();
    for (const [role, username] of Object.entries(ACCOUNTS))
      credentials[role as SenderName] = await server.logIn(username);
    for (const service of SERVICES)
      for (const route of server.routes[service])
        doors.push({ service, route, door: `${route.method.toUpperCase()} ${route.path}` });
    doors.sort((a, b) => Number(ENDS_THE_LOGIN.has(a.door)) - Number(ENDS_THE_LOGIN.has(b.door)));
  });
  after(() => server.close());

  async function knock(
    url: string,
    method: string,
    credential: string | undefined,
    body?: unknown,
  ): Promise<Answer> {
    const cut = new AbortController();
    const answer = await fetch(url, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(credential === undefined ? {} : { Authorization: `Bearer ${credential}` }),
      },
      signal: cut.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    const read = isJson ? ((await answer.json()) as Answer['body']) : {};
    cut.abort();
    return { status: answer.status, body: read };
  }

  it('is written down for every route that there is, and for no other', () => {
    expect([...new Set(doors.map(({ door }) => door))]).to.have.members(Object.keys(ALLOWED));
  });

  it('names for every route a permission of the one table', () => {
    const nameless = doors.filter(({ route }) => !Object.hasOwn(PERMISSIONS, route.permission));
    expect(nameless.map(({ door }) => door)).to.deep.equal([]);
  });

  it('lets each role and nobody else through each door', async () => {
    for (const { service, door, route } of doors) {
      const url = `${server.urls[service]}${route.path.replaceAll(/:[A-Za-z]+/g, NOTHING)}`;
      for (const sender of SENDERS) {
        const body = route.body === undefined ? undefined : {};
        const endsIt = ENDS_THE_LOGIN.has(door) && Object.hasOwn(ACCOUNTS, sender);
        if (endsIt) credentials[sender] = await server.logIn(ACCOUNTS[sender as keyof typeof ACCOUNTS]);
        const { status, body: said } = await knock(
          url,
          route.method.toUpperCase(),
          credentials[sender],
          body,
        );
        const name = `${service}: ${door} by ${sender}: ${status} ${said.code}`;
        const allowed = ALLOWED[door] ?? [];
        if (allowed.includes(sender)) {
          expect(said.code, name).to.not.equal('permission.denied');
          // A route that is open to nobody may still ask for what stands in its body, such as a refresh token.
          if (!allowed.includes('nobody')) expect(status, name).to.not.equal(401);
        } else if (sender === 'nobody') expect(said.code, name).to.equal('credential.missing');
        else expect([status, said.code], name).to.deep.equal([403, 'permission.denied']);
      }
    }
  });

  describe("of somebody else's", () => {
    const people: Record<string, string> = {};
    let chatId: string;

    before(async () => {
      for (const [role, username] of Object.entries(ACCOUNTS)) people[role] = await server.logIn(username);
      const account = { username: 'eve', email: 'eve@example.org', password: 'quartz lantern meadow' };
      await knock(`${server.urls.auth}/api/auth/signup`, 'POST', undefined, account);
      const login = await knock(`${server.urls.auth}/api/auth/login`, 'POST', undefined, account);
      people.eve = String(login.body.accessToken);
      const made = await knock(`${server.urls.chat}/api/chat/sessions`, 'POST', people.user, {
        initialMessage: 'Mine alone',
      });
      chatId = String(made.body.sessionId);
    });

    /** Bodies with which each route would do its work for the owner. */
    const BODIES: Readonly<Record<string, unknown>> = {
      'PATCH /api/chat/sessions/:id': { title: 'Taken over' },
      'POST /api/chat/sessions/:id/messages': { message: 'Hello' },
      'POST /api/chat/sessions/:id/stream': { message: 'Hello' },
      'POST /api/chat/sessions/:id/stop': { streamingSessionId: 'stream-1' },
      'POST /api/chat/sessions/:id/update-stream': { streamingSessionId: 'stream-1', completeResponse: '' },
    };

    it('chats are not there, for other users and for officers alike', async () => {
      const owned = doors.filter(({ door }) => /^\w+ \/api\/chat\/sessions\/:id(?!\/observe)/.test(door));
      expect(owned.length).to.be.greaterThan(7);
      for (const { door, route } of owned) {
        for (const sender of ['eve', 'supervisor', 'admin']) {
          const knockAt = async (id: string): Promise<Answer> => {
            const url = `${server.urls.chat}${route.path.replace(':id', id)}`;
            const { status, body } = await knock(
              url,
              route.method.toUpperCase(),
              people[sender],
              BODIES[door],
            );
            return { status, body: { ...body, requestId: '' } };
          };
          const foreign = await knockAt(chatId);
          expect([foreign.status, foreign.body.code], `${door} by ${sender}`).to.deep.equal([
            404,
            'chat.not_found',
          ]);
          expect(foreign, `${door} by ${sender}`).to.deep.equal(await knockAt(NOTHING));
        }
      }
      const mine = await knock(`${server.urls.chat}/api/chat/sessions/${chatId}`, 'GET', people.user);
      expect(mine.status).to.equal(200);
      expect((mine.body.messages as unknown[]).length).to.equal(1);
    });

    it('accounts do not change by what a body names beside the permitted fields', async () => {
      const account = {
        username: 'mallory',
        email: 'mallory@example.org',
        password: 'quartz lantern meadow',
        role: 'admin',
        isVerified: true,
        id: 'u_00000000000000000000000000000000',
      };
      await knock(`${server.urls.auth}/api/auth/signup`, 'POST', undefined, account);
      const login = await knock(`${server.urls.auth}/api/auth/login`, 'POST', undefined, account);
      expect(login.body.user).to.include({ role: 'user', isVerified: false });
      expect((login.body.user as { id: string }).id).to.not.equal(account.id);
    });

    it('credits are spent from nobody but the one who asks', async () => {
      const owner = await knock(`${server.urls.auth}/api/auth/me`, 'GET', people.user);
      const before = await knock(`${server.urls.accounting}/api/credits/balance`, 'GET', people.user);
      const taken = await knock(`${server.urls.accounting}/api/credits/deduct`, 'POST', people.eve, {
        credits: 1,
        userId: owner.body.id,
      });
      expect(taken.status).to.equal(402);
      const after = await knock(`${server.urls.accounting}/api/credits/balance`, 'GET', people.user);
      expect(after.body.totalCredits).to.equal(before.body.totalCredits);
      const asked = await knock(`${server.urls.accounting}/api/credits/check`, 'POST', people.eve, {
        requiredCredits: 1,
        userId: owner.body.id,
      });
      expect(asked.body.code ?? asked.body.sufficient).to.be.oneOf(['permission.denied', false]);
    });
  });
});
