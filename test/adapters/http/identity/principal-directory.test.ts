import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { HttpPrincipalDirectory } from '../../../../src/adapters/outbound/http/identity/http-principal-directory.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { describePrincipalDirectory } from '../../../contracts/principal-directory.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';
import { IdentityWorld, SERVICE_KEY } from '../../../support/identity-world.ts';

describePrincipalDirectory("auth's own store", async () => {
  const world = new IdentityWorld();
  return { world, directory: world.directory, close: () => {} };
});

describePrincipalDirectory('auth over HTTP', async () => {
  const { world, origin, close } = await serveIdentity();
  const directory = new HttpPrincipalDirectory({ authUrl: origin, serviceKey: SERVICE_KEY });
  return { world, directory, close };
});

describe('a directory over HTTP', () => {
  const expectUnavailable = async (directory: HttpPrincipalDirectory): Promise<void> => {
    const error = await directory.resolve('ada').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PortError);
    expect(error).to.include({ kind: 'unavailable', dependency: 'auth' });
  };

  for (const [what, listener] of [
    ['refuses the key', (_request, response) => response.writeHead(401).end('{}')],
    ['redirects', (_request, response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['answers another shape', (_request, response) => response.end('{"principal":{"userId":"x"}}')],
    ['answers no JSON', (_request, response) => response.end('<html>')],
    ['hangs up', (request) => request.socket.destroy()],
  ] as ReadonlyArray<readonly [string, RequestListener]>) {
    it(`is unavailable when auth ${what}`, async () => {
      const server = createServer(listener);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const authUrl = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      await expectUnavailable(new HttpPrincipalDirectory({ authUrl, serviceKey: SERVICE_KEY }));
      server.closeAllConnections();
      server.close();
    });
  }

  it('is unavailable when nobody listens', async () => {
    const { origin, close } = await serveIdentity();
    close();
    await expectUnavailable(new HttpPrincipalDirectory({ authUrl: origin, serviceKey: SERVICE_KEY }));
  });
});

describe('the route by which services resolve principals', () => {
  let auth: IdentityService;

  beforeEach(async () => {
    auth = await serveIdentity();
  });

  afterEach(() => auth.close());

  const resolve = (bearer: string, body: object) =>
    auth.send('POST', '/internal/principals/resolve', { bearer, body });

  it('tells whose credential it was handed, until its login ends', async () => {
    const { id } = await auth.world.addUser('ada');
    const grant = await auth.world.login('ada');
    const asked = { credential: grant.accessToken };
    const { body } = await resolve(SERVICE_KEY, asked);
    expect(body.principal).to.include({ userId: id, username: 'ada', role: 'user' });
    expect(body.principal.sessionId).to.match(/^s_/);
    await auth.world.logOut.execute({ refreshToken: grant.refreshToken, everywhere: false });
    expect((await resolve(SERVICE_KEY, asked)).body).to.deep.equal({ principal: null });
    expect((await resolve(SERVICE_KEY, { credential: SERVICE_KEY })).body.principal).to.equal(null);
  });

  it('is closed to people, admins too', async () => {
    await auth.world.addUser('root', 'admin');
    const { accessToken } = await auth.world.login('root');
    expect((await resolve(accessToken, { username: 'root' })).status).to.equal(403);
  });

  it('answers exactly one question', async () => {
    for (const body of [{}, { username: 'ada', email: 'ada@example.org' }, { userId: 1 }]) {
      expect((await resolve(SERVICE_KEY, body)).status).to.equal(400);
    }
    await auth.world.addUser('ada');
    expect((await resolve(SERVICE_KEY, { userId: 'ada' })).body).to.deep.equal({ principal: null });
  });
});
