import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { HttpRevocationFeed } from '../../../../src/adapters/outbound/http/identity/http-revocation-feed.ts';
import type { RevocationNews } from '../../../../src/application/ports/identity/revocation-feed.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { describeRevocationFeed } from '../../../contracts/revocation-feed.ts';
import { type IdentityService, serveIdentity } from '../../../support/identity-service.ts';
import { IdentityWorld, SERVICE_KEY } from '../../../support/identity-world.ts';
import { expectProblem } from '../../../support/problems.ts';

describeRevocationFeed('auth itself', async () => {
  const world = new IdentityWorld();
  return { world, feed: world.tellRevocations, close: () => {} };
});

describeRevocationFeed('auth over HTTP', async () => {
  const { world, origin, close } = await serveIdentity();
  return { world, feed: new HttpRevocationFeed({ authUrl: origin, serviceKey: SERVICE_KEY }), close };
});

describe('a feed of ended logins over HTTP', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Everything that is heard of an auth that answers so, and what that ends in. */
  async function hear(
    answer: (response: ServerResponse) => void,
  ): Promise<{ readonly news: readonly RevocationNews[]; readonly error: unknown }> {
    server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const authUrl = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const news: RevocationNews[] = [];
    try {
      const feed = new HttpRevocationFeed({ authUrl, serviceKey: SERVICE_KEY });
      for await (const page of feed.follow(undefined, new AbortController().signal)) news.push(...page);
    } catch (error) {
      return { news, error };
    }
    throw new Error('a feed never ends by itself');
  }

  const events = (response: ServerResponse, text: string): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
  };
  const session = '{"atMs":5,"loginSessionId":"s_1"}';

  it('hears what a newer auth adds as if it were not there', async () => {
    const more = '{"atMs":5,"loginSessionId":"s_1","because":"of rain"}';
    const { news, error } = await hear((response) =>
      events(response, `event: weather\ndata: rain\n\n: a comment\n\nid: 4\nevent: ended\ndata: ${more}\n\n`),
    );
    expect(news).to.deep.equal([
      { kind: 'ended', revocation: { sequence: 4, atMs: 5, end: { loginSessionId: 's_1' } } },
    ]);
    expect(error)
      .to.be.instanceOf(PortError)
      .with.property('message', 'auth has closed the feed of ended logins');
  });

  for (const [what, answer] of [
    ['refuses the key', (response) => response.writeHead(401).end('{}')],
    ['is full', (response) => response.writeHead(503).end('{}')],
    ['redirects', (response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['answers something else', (response) => response.end('<html>')],
    ['hangs up', (response) => response.destroy()],
    ['tells of an end without an id', (response) => events(response, `event: ended\ndata: ${session}\n\n`)],
    [
      'tells of an end with an odd id',
      (response) => events(response, `id: -1\nevent: ended\ndata: ${session}\n\n`),
    ],
    ['tells of nobody', (response) => events(response, 'id: 1\nevent: ended\ndata: {"atMs":5}\n\n')],
    ['tells what is no JSON', (response) => events(response, 'id: 1\nevent: ended\ndata: {\n\n')],
    [
      'speaks without an end',
      (response) => events(response, `id: 1\nevent: ended\ndata: ${'x'.repeat(20_000)}`),
    ],
    [
      'does not speak UTF-8',
      (response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end(Buffer.from([0xff, 0xfe])),
    ],
  ] as ReadonlyArray<readonly [string, (response: ServerResponse) => void]>) {
    it(`breaks when auth ${what}`, async () => {
      const { news, error } = await hear(answer);
      expect(news).to.deep.equal([]);
      expect(error).to.be.instanceOf(PortError).and.include({ kind: 'unavailable', dependency: 'auth' });
    });
  }
});

describe('the route of the feed', () => {
  let auth: IdentityService;
  beforeEach(async () => {
    auth = await serveIdentity();
  });
  afterEach(() => auth.close());

  /** Reads what the feed says first. */
  async function firstWords(path: string, headers: Record<string, string> = {}): Promise<string> {
    const stop = new AbortController();
    const response = await fetch(new URL(path, auth.origin), {
      headers: { authorization: `Bearer ${SERVICE_KEY}`, ...headers },
      signal: stop.signal,
    });
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
    const { value } = (await response.body?.getReader().read()) ?? {};
    stop.abort();
    return new TextDecoder().decode(value);
  }

  it('goes by Last-Event-ID when both are there, as an EventSource that comes back sends them', async () => {
    for (const number of [1, 2, 3]) auth.world.revocations.append({ userId: `u_${number}` as never }, 9);
    const ids = (text: string): string[] => [...text.matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id);
    expect(ids(await firstWords('/internal/revocations'))).to.deep.equal(['1', '2', '3']);
    expect(ids(await firstWords('/internal/revocations?after=1'))).to.deep.equal(['2', '3']);
    const back = await firstWords('/internal/revocations?after=1', { 'last-event-id': '2' });
    expect(ids(back)).to.deep.equal(['3']);
    expect(back).to.equal(
      'id: 3\nevent: ended\ndata: {"atMs":9,"userId":"u_3"}\n\nevent: caught-up\ndata: {}\n\n',
    );
  });

  it('refuses positions that are none, and whoever is no service', async () => {
    for (const after of ['-1', '1e3', '', '1.5', '9'.repeat(16), 'x']) {
      const { status } = await auth.send('GET', `/internal/revocations?after=${after}`, {
        bearer: SERVICE_KEY,
      });
      expect(status, after).to.equal(400);
    }
    const headers = { 'last-event-id': 'x' };
    const odd = await auth.send('GET', '/internal/revocations', { bearer: SERVICE_KEY, headers });
    expectProblem(odd, 400, 'request.invalid', 'error');
    await auth.world.addUser('ada', 'admin');
    const { accessToken } = await auth.world.login('ada');
    const admin = await auth.send('GET', '/internal/revocations', { bearer: accessToken });
    expectProblem(admin, 403, 'permission.denied', 'error');
    expectProblem(await auth.send('GET', '/internal/revocations'), 401, 'credential.missing', 'error');
  });

  it('takes 64 listeners and refuses the next, until one of them goes', async () => {
    const bearer = { authorization: `Bearer ${SERVICE_KEY}` };
    const url = new URL('/internal/revocations', auth.origin);
    const stops = Array.from({ length: 64 }, () => new AbortController());
    await Promise.all(
      stops.map(async ({ signal }) =>
        expect((await fetch(url, { headers: bearer, signal })).status).to.equal(200),
      ),
    );
    const refused = await auth.send('GET', '/internal/revocations', { bearer: SERVICE_KEY });
    expectProblem(refused, 503, 'revocations.too_many_listeners', 'error');
    stops[0]?.abort();
    for (let status = 503; status !== 200; ) {
      const stop = new AbortController();
      status = (await fetch(url, { headers: bearer, signal: stop.signal })).status;
      stop.abort();
    }
    for (const stop of stops) stop.abort();
  });

  it('cuts its listeners when the log cannot be read', async () => {
    auth.world.revocations.after = async () => {
      throw new PortError('unavailable', 'store', 'the disk is gone');
    };
    const headers = { authorization: `Bearer ${SERVICE_KEY}` };
    const outcome = await fetch(new URL('/internal/revocations', auth.origin), { headers })
      .then((response) => response.text())
      .catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(Error);
  });
});
