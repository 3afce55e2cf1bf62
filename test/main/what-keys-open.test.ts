import { expect } from 'chai';
import type { Route } from '../../src/adapters/inbound/http/route.ts';
import { API_KEY_SCOPES } from '../../src/domain/identity/api-key.ts';
import type { ApiKeyScope } from '../../src/domain/identity/principal.ts';
import { SERVICES, type ServiceName } from '../../src/main/service-name.ts';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';
import { ALLOWED } from '../support/doors.ts';

/** An id of nothing that exists. */
const NOTHING = 'nothing-of-that-name';

/** Doors that everybody passes, whatever he shows, written by hand in the list of doors. */
const isPublic = (door: string): boolean => ALLOWED[door]?.includes('nobody') === true;

/** Which doors each scope opens besides, written down by hand from the protocol; every other takes a login. */
const OPENED: Readonly<Record<ApiKeyScope, (door: string) => boolean>> = {
  chat: (door) =>
    isProfile(door) ||
    door === 'GET /api/models' ||
    door === 'POST /api/models/recommend' ||
    (/^\w+ \/api\/chat\/sessions/.test(door) && !door.endsWith('/observe')),
  mux: (door) => isProfile(door),
  'admin:read': (door) =>
    isProfile(door) ||
    ['GET /api/ledger/journal', 'GET /api/audit', 'GET /api/ops/alerts', 'GET /api/ops/connections'].includes(
      door,
    ),
  control: () => false,
};
const isProfile = (door: string): boolean => door === 'GET /api/auth/me' || door === 'GET /api/profile';

describe('what an API key opens', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  const doors: Array<{ service: ServiceName; door: string; route: Route }> = [];

  before(async () => {
    server = await composedServer();
    for (const service of SERVICES)
      for (const route of server.routes[service])
        doors.push({ service, route, door: `${route.method.toUpperCase()} ${route.path}` });
  });
  after(() => server.close());

  /** Knocks at every door, and gives the doors that let the key in. */
  async function openedBy(key: string): Promise<string[]> {
    const opened = new Set<string>();
    for (const { service, door, route } of doors) {
      const cut = new AbortController();
      const answer = await fetch(`${server.urls[service]}${route.path.replaceAll(/:[A-Za-z]+/g, NOTHING)}`, {
        method: route.method.toUpperCase(),
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
        signal: cut.signal,
        ...(route.body === undefined ? {} : { body: '{}' }),
      });
      const isJson = answer.headers.get('content-type')?.includes('json') === true;
      const { code } = isJson ? ((await answer.json()) as { code?: string }) : {};
      cut.abort();
      if (isPublic(door)) continue;
      expect(answer.status, door).to.not.equal(401);
      if (code === 'permission.denied') expect(answer.status, door).to.equal(403);
      else opened.add(door);
    }
    return [...opened];
  }
  const expected = (...scopes: ApiKeyScope[]): string[] => [
    ...new Set(
      doors
        .map(({ door }) => door)
        .filter((door) => !isPublic(door) && scopes.some((scope) => OPENED[scope](door))),
    ),
  ];

  for (const scope of API_KEY_SCOPES) {
    it(`with the scope ${scope} of an admin, is what this scope names and no more`, async () => {
      expect(await openedBy(await server.mintKey('admin', scope))).to.have.members(expected(scope));
    });
  }

  it('with all the scopes of a person, takes no login’s place either', async () => {
    const key = await server.mintKey('admin', 'chat', 'mux', 'admin:read');
    expect(await openedBy(key)).to.have.members(expected('chat', 'mux', 'admin:read'));
    const closed = expected('chat', 'mux', 'admin:read');
    expect(
      closed.filter((door) => /credits|users|keys|password|tickets|\/internal\//.test(door)),
    ).to.deep.equal([]);
  });

  for (const owner of ['user1', 'supervisor1'] as const) {
    it(`is for ${owner} no more than for his role`, async () => {
      expect(await openedBy(await server.mintKey(owner, 'chat', 'mux'))).to.have.members(
        expected('chat', 'mux'),
      );
    });
  }
});
