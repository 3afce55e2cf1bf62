import { request } from 'node:http';
import { expect } from 'chai';
import type { Edge } from '../../../src/adapters/inbound/http/edge.ts';
import { defineRoute, type Route } from '../../../src/adapters/inbound/http/route.ts';
import { healthRoutes } from '../../../src/adapters/inbound/http/routes/operations/health-routes.ts';
import { type Page, pageRoutes } from '../../../src/adapters/inbound/http/routes/operations/page-routes.ts';
import { type HttpHarness, serveRoutes } from '../../support/http-harness.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RawConnection } from '../../support/raw-http.ts';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

const whoAmI = defineRoute({
  method: 'get',
  path: '/address',
  operationId: 'address',
  summary: 's',
  permission: 'public',
  answers: { 200: { description: 'a' } },
  handle: async ({ address }) => ({ status: 200, body: { address } }),
});

const PAGE: Page = {
  release: 'abc',
  html: () => '<!doctype html>',
  file: (path) =>
    path === 'views/a.js' ? { type: 'text/javascript; charset=utf-8', text: 'a();' } : undefined,
};

const clock = new ManualClock(1_700_000_000_000);
const health = (
  check: () => Promise<void> = async () => undefined,
  wanted: () => Promise<void> = async () => undefined,
): Route[] => {
  const dependencies = [
    { name: 'store', isNeeded: true, check },
    { name: 'redis', isNeeded: false, check: wanted },
  ];
  return healthRoutes({ service: 'chat', version: '1.2.3', clock, dependencies });
};

const edge = (more: Partial<Edge> = {}): Edge => ({
  hosts: new Set(['chat.example', '127.0.0.1', '[::1]']),
  origins: new Set(['https://chat.example']),
  trustedProxies: [],
  privateNetwork: false,
  https: false,
  metrics: {
    text: async () => 'holdfast_up 1\n',
    contentType: 'text/plain; version=0.0.4',
    token: undefined,
  },
  ...more,
});

describe('the edge of the HTTP server', () => {
  let server: HttpHarness;
  afterEach(() => server.close());

  const serveWith = async (
    settings: Edge,
    routes: readonly Route[] = [whoAmI, ...pageRoutes(PAGE, '1.2.3'), ...health()],
  ): Promise<void> => {
    server = await serveRoutes(routes, settings);
  };
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request(
        { port: server.port, host: '127.0.0.1', path, method, headers, agent: false },
        (answer) => {
          let body = '';
          answer.on('data', (chunk: Buffer) => {
            body += chunk.toString();
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
        },
      );
      sent.on('error', reject);
      sent.end();
    });

  describe('with names', () => {
    for (const host of ['chat.example', 'CHAT.example:443', '127.0.0.1:3002', '[::1]:3002']) {
      it(`answers to ${host}`, async () => {
        await serveWith(edge());
        expect((await ask('/address', { host })).status).to.equal(200);
      });
    }

    for (const host of [
      'evil.example',
      'chat.example.evil',
      'chat.example@evil',
      '127.0.0.1.evil:80',
      'chat.example:x',
    ]) {
      it(`refuses the rebound name ${JSON.stringify(host)} with 421, also where nothing is`, async () => {
        await serveWith(edge());
        expect((await ask('/address', { host })).status).to.equal(421);
        expect((await ask('/nowhere', { host })).status).to.equal(421);
      });
    }

    const rawStatus = async (lines: readonly string[]): Promise<string> => {
      const connection = await RawConnection.open(`http://127.0.0.1:${server.port}`);
      connection.send(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
      const text = await connection.untilEnd();
      return `${/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]} ${/"code":"([^"]+)"/.exec(text)?.[1] ?? text.split('\r\n\r\n')[1]}`;
    };

    it('refuses who names none, or two, or another in the target, and says so as ever', async () => {
      await serveWith(edge());
      const [ours, foreign] = ['Host: chat.example', 'Host: evil.example'];
      for (const lines of [
        ['GET /address HTTP/1.1'],
        ['GET /address HTTP/1.1', ours, foreign],
        ['GET /address HTTP/1.1', foreign, ours],
        ['GET /address HTTP/1.1', ours, ours],
        ['GET http://evil.example/address HTTP/1.1', ours],
        ['GET http://chat.example@evil.example/address HTTP/1.1', ours],
        ['GET http:///address HTTP/1.1', ours],
        ['GET https://chat.example/address HTTP/1.1', foreign],
      ]) {
        expect(await rawStatus(lines), lines.join(', ')).to.equal('421 request.host');
      }
      expect(await rawStatus(['GET https://chat.example:443/address HTTP/1.1', ours])).to.match(/^200 /);
      expect(await rawStatus(['GET /health HTTP/1.1'])).to.match(/^200 /);
    });

    it('leaves an expectation that nobody knows unmet, and answers the request', async () => {
      await serveWith(edge());
      const lines = ['GET /address HTTP/1.1', 'Host: chat.example', 'Expect: the-unexpected'];
      expect(await rawStatus(lines)).to.match(/^200 /);
    });

    it('answers probes under any name', async () => {
      await serveWith(edge());
      for (const path of ['/health', '/api/health', '/health/live', '/health/ready']) {
        expect((await ask(path, { host: '10.1.2.3:9' })).status, path).to.equal(200);
      }
    });
  });

  describe('with origins', () => {
    it('lets an allowed origin read, and names the headers it may see', async () => {
      await serveWith(edge());
      const { headers } = await ask('/address', { origin: 'https://chat.example' });
      expect(headers['access-control-allow-origin']).to.equal('https://chat.example');
      expect(headers['access-control-expose-headers']).to.equal(
        'X-Streaming-Session-Id,X-Request-Id,Retry-After',
      );
      expect(headers['access-control-allow-credentials']).to.equal(undefined);
      expect(headers.vary).to.contain('Origin');
    });

    for (const origin of [
      'https://evil.example',
      'https://chat.example.evil',
      'https://evilchat.example',
      'https://sub.chat.example',
      'https://chat.example@evil.example',
      'https://chat.example:444',
      'https://chat.example:443',
      'https://CHAT.example',
      'https://chat.example/',
      'https://chat.example, https://evil.example',
      'http://chat.example',
      'http://127.0.0.1',
      'null',
      '*',
    ]) {
      it(`never reflects ${origin}`, async () => {
        await serveWith(edge());
        for (const method of ['GET', 'OPTIONS']) {
          const { headers } = await ask(
            '/address',
            { origin, 'access-control-request-method': 'GET' },
            method,
          );
          expect(headers['access-control-allow-origin'], method).to.equal(undefined);
          expect(headers['access-control-allow-credentials'], method).to.equal(undefined);
          expect(headers.vary, method).to.contain('Origin');
        }
      });
    }

    it('never lets a page of another origin use the cookie of a login', async () => {
      await serveWith(edge());
      const origin = 'https://chat.example';
      for (const [method, headers] of [
        ['GET', { origin }],
        ['OPTIONS', { origin, 'access-control-request-method': 'POST' }],
      ] as const) {
        const answer = await ask('/address', headers, method);
        expect(answer.headers['access-control-allow-origin'], method).to.equal(origin);
        expect(answer.headers['access-control-allow-credentials'], method).to.equal(undefined);
      }
    });

    it('answers the preflight of an allowed origin', async () => {
      await serveWith(edge());
      const asked = { origin: 'https://chat.example', 'access-control-request-method': 'POST' };
      const { status, headers } = await ask('/address', asked, 'OPTIONS');
      expect(status).to.equal(204);
      expect(headers['access-control-allow-headers']).to.contain('Idempotency-Key');
    });

    it('lets an allowed origin read refusals too', async () => {
      await serveWith(edge());
      const { headers } = await ask('/nowhere', { origin: 'https://chat.example' });
      expect(headers['access-control-allow-origin']).to.equal('https://chat.example');
    });
  });

  describe('with proxies', () => {
    const addressOf = async (headers: Record<string, string>): Promise<string> =>
      (JSON.parse((await ask('/address', headers)).body) as { address: string }).address;

    it('believes nobody unless told to', async () => {
      await serveWith(edge());
      expect(await addressOf({ 'x-forwarded-for': '203.0.113.7' })).to.equal('127.0.0.1');
    });

    it('believes a declared proxy, up to the first hop that is none', async () => {
      await serveWith(edge({ trustedProxies: ['127.0.0.1', '10.0.0.0/8'] }));
      expect(await addressOf({ 'x-forwarded-for': '203.0.113.7' })).to.equal('203.0.113.7');
      expect(await addressOf({ 'x-forwarded-for': '1.1.1.1, 203.0.113.7, 10.2.3.4' })).to.equal(
        '203.0.113.7',
      );
      expect(await addressOf({ 'x-forwarded-for': 'nonsense' })).to.equal('127.0.0.1');
      expect(await addressOf({})).to.equal('127.0.0.1');
    });
  });

  describe('with metrics', () => {
    it('shows them to this machine when there is no token', async () => {
      await serveWith(edge());
      const { status, body } = await ask('/metrics');
      expect({ status, body }).to.deep.equal({ status: 200, body: 'holdfast_up 1\n' });
    });

    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-forwarded-port', 'fastly-client-ip']) {
      it(`hides them from whoever a proxy on this machine brings (${header})`, async () => {
        await serveWith(edge());
        expect((await ask('/metrics', { [header]: '127.0.0.1' })).status).to.equal(403);
      });
    }

    it('asks for the token when there is one, from this machine too', async () => {
      const metrics = { ...edge().metrics, token: 'the-metrics-token' };
      await serveWith(edge({ metrics }));
      expect((await ask('/metrics')).status).to.equal(401);
      expect((await ask('/metrics', { authorization: 'Bearer the-metrics-tokem' })).status).to.equal(401);
      expect((await ask('/metrics', { authorization: 'Bearer the-metrics-token' })).status).to.equal(200);
    });
  });

  describe('with https before it', () => {
    it('tells browsers to insist on it', async () => {
      await serveWith(edge({ https: true }));
      expect((await ask('/address')).headers['strict-transport-security']).to.match(/^max-age=\d+/);
    });

    it('does not on plain http', async () => {
      await serveWith(edge());
      expect((await ask('/address')).headers['strict-transport-security']).to.equal(undefined);
    });
  });

  describe('with its health', () => {
    it('tells service, version and time', async () => {
      await serveWith(edge());
      expect(JSON.parse((await ask('/api/health')).body)).to.deep.equal({
        status: 'ok',
        service: 'chat',
        version: '1.2.3',
        timestamp: '2023-11-14T22:13:20.000Z',
      });
    });

    it('names the dependency that fails, and stays live', async () => {
      await serveWith(
        edge(),
        health(() => Promise.reject(new Error('gone'))),
      );
      const { status, body } = await ask('/health/ready');
      expect(status).to.equal(503);
      expect(JSON.parse(body)).to.deep.equal({ status: 'unavailable', service: 'chat', dependency: 'store' });
      expect((await ask('/health/live')).status).to.equal(200);
    });

    it('stays ready, and says that it is degraded, without what it can do without', async () => {
      const gone = (): Promise<void> => Promise.reject(new Error('gone'));
      await serveWith(edge(), health(undefined, gone));
      const { status, body } = await ask('/health/ready');
      expect(status).to.equal(200);
      expect(JSON.parse(body)).to.deep.equal({ status: 'degraded', service: 'chat', missing: ['redis'] });
    });

    it('names what it needs where both are away', async () => {
      const gone = (): Promise<void> => Promise.reject(new Error('gone'));
      await serveWith(edge(), health(gone, gone));
      expect(JSON.parse((await ask('/health/ready')).body)).to.include({ dependency: 'store' });
    });
  });

  describe('with its page', () => {
    const HTML = { accept: 'text/html,*/*;q=0.8' };

    it('answers browsers with HTML whose policy allows its own files and nothing else', async () => {
      await serveWith(edge());
      const { headers, body } = await ask('/', HTML);
      expect(headers['content-type']).to.equal('text/html; charset=utf-8');
      expect(headers['content-security-policy'])
        .to.match(/^default-src 'none'; script-src 'self'; style-src 'self'; /)
        .and.contain("require-trusted-types-for 'script'; trusted-types 'none'");
      expect(body).to.equal('<!doctype html>');
    });

    it('answers anybody else with a few words', async () => {
      await serveWith(edge());
      const { headers, body } = await ask('/', { accept: '*/*' });
      expect(headers).to.include({ 'content-type': 'text/plain; charset=utf-8', vary: 'Accept, Origin' });
      expect(body).to.contain('Holdfast 1.2.3').and.contain('npx holdfast chat');
    });

    it('is asked for again each time, and sent only when it has changed', async () => {
      await serveWith(edge());
      const first = await ask('/', HTML);
      expect(first.headers['cache-control']).to.equal('no-cache');
      const again = await ask('/', { ...HTML, 'if-none-match': String(first.headers.etag) });
      expect(again).to.include({ status: 304, body: '' });
    });

    it('lets its files be kept for good, under the name of what is in them', async () => {
      await serveWith(edge());
      const { status, headers, body } = await ask('/app/abc/views/a.js');
      expect({ status, body }).to.deep.equal({ status: 200, body: 'a();' });
      expect(headers['content-type']).to.equal('text/javascript; charset=utf-8');
      expect(headers['cache-control']).to.match(/^public, max-age=\d+, immutable$/);
    });

    for (const path of [
      '/app/other/views/a.js',
      '/app/abc/a.js',
      '/app/abc/..%2f..%2fpackage.json',
      '/app/abc/views/%2e%2e/x',
    ]) {
      it(`has nothing at ${path}`, async () => {
        await serveWith(edge());
        expect((await ask(path)).status).to.equal(404);
      });
    }
  });
});
