import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { BrowserTab } from '../support/browser-tab.ts';
import { RawConnection } from '../support/raw-http.ts';
import { RunningServer } from '../support/running-server.ts';
import { askForSocket, type UpgradeAnswer } from '../support/upgrade-client.ts';

const PROGRAM = 'test/support/programs/serve-with-socket.ts';
const PUBLIC = 'http://app.localhost:8080';
const OTHER_ORIGINS = [
  'https://evil.example',
  'null',
  '',
  'http://app.localhost',
  'https://app.localhost:8080',
  'http://app.localhost:80801',
  'http://evil.app.localhost:8080',
  'http://app.localhost:8080.evil.example',
  'HTTP://app.localhost:8080',
  'http://app.localhost:8080/',
];

describe('the guard before WebSockets', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let tab: BrowserTab;

  before(async () => {
    server = await RunningServer.start(['--demo', '--public-url', PUBLIC], undefined, {}, [], PROGRAM);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    tab = new BrowserTab(server.urls.chat);
    expect((await tab.logIn('user1', 'User1@123')).status).to.equal(200);
  });
  after(() => server.dispose());

  const ask = async (headers: Record<string, string>, path = '/ws/echo'): Promise<UpgradeAnswer> => {
    const answer = await askForSocket(server.urls.chat + path, headers);
    answer.socket?.terminate();
    return answer;
  };
  const ticket = async (): Promise<string> => (await user.post('auth', '/api/ws/tickets')).body.ticket;
  const bearer = (): Record<string, string> => ({ authorization: `Bearer ${user.token}` });
  const cookie = (): Record<string, string> => ({ cookie: tab.cookie ?? '' });
  const own = (): Record<string, string> => ({ origin: server.urls.chat });
  const refused = ({ status, body }: UpgradeAnswer): unknown[] => [status, body.code];

  it('opens to a fresh ticket from an allowed origin, once', async () => {
    const path = `/ws/echo?ticket=${await ticket()}`;
    const first = await ask({ origin: PUBLIC }, path);
    expect([first.status, first.body.username]).to.deep.equal([101, 'user1']);
    const again = await ask({ origin: PUBLIC }, path);
    expect(refused(again)).to.deep.equal([401, 'credential.invalid']);
    expect(again.headers['www-authenticate']).to.equal('Bearer');
  });

  it("opens to the cookie from an allowed origin and from the server's own", async () => {
    for (const origin of [PUBLIC, server.urls.chat]) {
      const { status, body } = await ask({ ...cookie(), origin });
      expect([status, body.username], origin).to.deep.equal([101, 'user1']);
    }
  });

  it('opens to a bearer, with an allowed origin or, as a program, with none', async () => {
    expect((await ask(bearer())).status).to.equal(101);
    expect((await ask({ ...bearer(), origin: PUBLIC })).status).to.equal(101);
  });

  for (const origin of OTHER_ORIGINS) {
    it(`refuses the origin ${JSON.stringify(origin)} whatever the credential, and spends no ticket`, async () => {
      const path = `/ws/echo?ticket=${await ticket()}`;
      for (const answer of [
        await ask({ ...cookie(), origin }),
        await ask({ ...bearer(), origin }),
        await ask({ origin }, path),
      ]) {
        expect(refused(answer)).to.deep.equal([403, 'request.cross_site']);
      }
      expect((await ask({ origin: PUBLIC }, path)).status).to.equal(101);
    });
  }

  it('refuses a cookie without an origin', async () => {
    expect(refused(await ask(cookie()))).to.deep.equal([403, 'request.cross_site']);
  });

  it('lets exactly one credential decide, and never falls back to another', async () => {
    const good = await ticket();
    for (const [what, headers, path] of [
      ['a bad bearer before a good ticket and cookie', { authorization: 'Bearer bad' }, `?ticket=${good}`],
      ['a bad ticket before a good cookie', {}, '?ticket=bad'],
      ['an empty ticket before a good cookie', {}, '?ticket='],
      ['two tickets', {}, `?ticket=${good}&ticket=${good}`],
    ] as const) {
      const answer = await ask({ ...cookie(), ...own(), ...headers }, `/ws/echo${path}`);
      expect(refused(answer), what).to.deep.equal([401, 'credential.invalid']);
    }
    expect((await ask(own(), `/ws/echo?ticket=${good}`)).status).to.equal(101);
  });

  it('refuses a cookie as a bearer and as a ticket, and a bearer as either', async () => {
    for (const headers of [
      { authorization: `Bearer ${tab.secret}` },
      { cookie: `__Host-holdfast=${user.token}` },
    ]) {
      expect(refused(await ask({ ...own(), ...headers }))).to.deep.equal([401, 'credential.invalid']);
    }
    for (const secret of [tab.secret, user.token]) {
      const answer = await ask(own(), `/ws/echo?ticket=${secret}`);
      expect(refused(answer)).to.deep.equal([401, 'credential.invalid']);
    }
  });

  it('refuses several cookies, no credential at all, and a login that has ended', async () => {
    const twice = `${tab.cookie}; ${tab.cookie}`;
    expect(refused(await ask({ ...own(), cookie: twice }))).to.deep.equal([401, 'credential.invalid']);
    expect(refused(await ask(own()))).to.deep.equal([401, 'credential.missing']);
    const ended = new BrowserTab(server.urls.chat);
    await ended.logIn('user1', 'User1@123');
    const gone = ended.cookie ?? '';
    await ended.send('DELETE', '/api/auth/session');
    expect(refused(await ask({ ...own(), cookie: gone }))).to.deep.equal([401, 'credential.expired']);
  });

  it('refuses whom the permission does not let in', async () => {
    const key = `Bearer ${await serviceKeyOf()}`;
    expect(refused(await ask({ authorization: key }))).to.deep.equal([403, 'permission.denied']);
  });

  const serviceKeyOf = async (): Promise<string> => {
    const { readFile } = await import('node:fs/promises');
    return (await readFile(`${server.data}/service-key`, 'utf8')).trim().split('\n')[0] ?? '';
  };

  it('answers under its own names only, before it says what is there', async () => {
    for (const path of ['/ws/echo', '/nowhere']) {
      const answer = await ask({ ...bearer(), host: 'rebound.example' }, path);
      expect(refused(answer), path).to.deep.equal([421, 'request.host']);
    }
  });

  it('says with a whole answer that there is nothing, and who asked for what', async () => {
    const answer = await ask({ ...bearer() }, '/ws/nowhere');
    expect(refused(answer)).to.deep.equal([404, 'request.no_route']);
    expect(answer.headers['x-request-id']).to.equal(answer.body.requestId);
    expect(answer.headers['content-type']).to.equal('application/problem+json');
    expect(answer.headers['content-security-policy']).to.contain("default-src 'none'");
  });

  it('leaves other protocols that a client offers to the routes of plain requests', async () => {
    const connection = await RawConnection.open(server.urls.chat);
    const offer = { Connection: 'Upgrade, HTTP2-Settings, close', Upgrade: 'h2c', 'HTTP2-Settings': 'AAAA' };
    connection.send({ method: 'GET', path: '/api/version', headers: offer });
    expect(await connection.untilEnd()).to.match(/^HTTP\/1\.1 200 /);
  });

  it('ends the connection of whom it refused, whatever he goes on to send', async () => {
    const connection = await RawConnection.open(server.urls.chat);
    const head = ['GET /ws/echo HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket'];
    connection.send(`${head.join('\r\n')}\r\n\r\n${'x'.repeat(100_000)}`);
    expect(await connection.untilEnd()).to.match(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    connection.close();
  });

  it('lets the server stop while sockets are open', async () => {
    const other = await RunningServer.start(['--demo'], undefined, {}, [], PROGRAM);
    try {
      const client = await ApiClient.login(other.urls, 'user1', 'User1@123');
      const { socket } = await askForSocket(`${other.urls.chat}/ws/echo`, {
        authorization: `Bearer ${client.token}`,
      });
      const closed = new Promise<void>((resolve) => socket?.once('close', () => resolve()));
      expect(await other.end('SIGTERM')).to.equal(0);
      await closed;
    } finally {
      await other.dispose();
    }
  });
});
