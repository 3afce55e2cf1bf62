import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { z } from 'zod';
import type { Route } from '../../src/adapters/inbound/http/route.ts';
import { SERVICES, type ServiceName } from '../../src/main/service-name.ts';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';

/** Headers of every answer that any route, refusal or failure may give. */
const EVERYWHERE: Readonly<Record<string, RegExp>> = {
  'content-security-policy': /^default-src 'none'(;|$)/,
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'x-request-id': /./,
};
/** Those of an answer that a route or the application itself gives. */
const FROM_THE_APPLICATION: Readonly<Record<string, RegExp>> = {
  ...EVERYWHERE,
  'content-security-policy':
    /^default-src 'none'.*base-uri 'none'.*form-action '(none|self)'.*frame-ancestors 'none'/,
  'cross-origin-opener-policy': /^same-origin$/,
  'x-frame-options': /^DENY$/,
};
/** Answers that may be kept: they are the same for everybody. */
const CACHEABLE: ReadonlySet<string> = new Set(['GET /', 'GET /.well-known/jwks.json']);

/** Fields by which a secret comes in or goes out. */
const SECRETS = [
  'password',
  'currentPassword',
  'newPassword',
  'refreshToken',
  'accessToken',
  'csrfToken',
  'ticket',
  'key',
] as const;
/** Routes that end what they are sent: refusing that in the clear would leave open what has been read. */
const ENDING: ReadonlySet<string> = new Set(['POST /api/auth/logout', 'POST /api/auth/logout-all']);

const doorOf = ({ method, path }: Route): string => `${method.toUpperCase()} ${path}`;

function expectHeaders(headers: Headers, expected: Readonly<Record<string, RegExp>>, where: string): void {
  for (const [name, form] of Object.entries(expected)) {
    expect(headers.get(name) ?? '', `${where}: ${name}`).to.match(form);
  }
  expect(headers.get('content-security-policy'), where).to.not.contain('unsafe');
  expect(headers.has('x-powered-by'), where).to.equal(false);
}

describe('what a browser is told with every answer', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  let token: string;
  const routes: Array<{ service: ServiceName; route: Route }> = [];

  before(async () => {
    server = await composedServer();
    token = await server.logIn('admin');
    for (const service of SERVICES)
      for (const route of server.routes[service]) routes.push({ service, route });
  });
  after(() => server.close());

  /** The headers of an answer; its body, which may be a stream, is not waited for. */
  async function headersOf(url: string, init: RequestInit = {}): Promise<[number, Headers]> {
    const cut = new AbortController();
    const answer = await fetch(url, { redirect: 'manual', ...init, signal: cut.signal });
    cut.abort();
    return [answer.status, answer.headers];
  }

  it('is what it may do with it: on every route, whoever asks', async () => {
    expect(routes.length).to.be.greaterThan(50);
    for (const { service, route } of routes) {
      const path = route.path.replaceAll(/:[A-Za-z]+/g, 'x');
      for (const Authorization of [undefined, `Bearer ${token}`, 'Bearer nonsense']) {
        if (Authorization?.includes(token) && /logout|change-password|DELETE/.test(doorOf(route))) continue;
        const headers = { 'Content-Type': 'application/json', ...(Authorization ? { Authorization } : {}) };
        const body = route.body === undefined ? {} : { body: '{}' };
        const init = { method: route.method.toUpperCase(), headers, ...body };
        const [status, told] = await headersOf(`${server.urls[service]}${path}`, init);
        const where = `${doorOf(route)} ${status}`;
        expectHeaders(told, FROM_THE_APPLICATION, where);
        if (!CACHEABLE.has(doorOf(route))) expect(told.get('cache-control'), where).to.equal('no-store');
        if (route.pagePolicy === undefined) expect(told.get('content-type') ?? '').to.not.contain('html');
      }
    }
  });

  it('is the same where there is no route, no such method and no such name', async () => {
    const url = server.urls.chat;
    for (const [path, init, expected] of [
      ['/nowhere', {}, 404],
      ['/api/auth/login', { method: 'DELETE' }, 405],
      ['/api/auth/login', { method: 'OPTIONS' }, 204],
      ['/health', { method: 'HEAD' }, 200],
      ['/%', {}, 404],
      ['/metrics', {}, 200],
    ] as const) {
      const [status, headers] = await headersOf(`${url}${path}`, init);
      expect(status, path).to.equal(expected);
      expectHeaders(headers, FROM_THE_APPLICATION, path);
      expect(headers.get('cache-control')).to.equal('no-store');
    }
    const { head } = await raw(
      'GET /api/auth/me HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(head.get('status')).to.equal('421');
    expectHeaders(head, FROM_THE_APPLICATION, 'another name');
  });

  it('is that it may do nothing, where a request could not even be read', async () => {
    const long = 'x'.repeat(20_000);
    for (const [bytes, status] of [
      ['NONSENSE\r\n\r\n', '400'],
      [`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ${long}\r\n\r\n`, '431'],
    ] as const) {
      const { head } = await raw(bytes);
      expect(head.get('status')).to.equal(status);
      expectHeaders(head, EVERYWHERE, status);
      expect(head.get('cache-control')).to.equal('no-store');
    }
  });

  it('holds for an event stream as well', async () => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const made = await fetch(`${server.urls.chat}/api/chat/sessions`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    const { sessionId } = (await made.json()) as { sessionId: string };
    const body = JSON.stringify({ message: 'What is a hold?' });
    const url = `${server.urls.chat}/api/chat/sessions/${sessionId}/stream`;
    const [status, told] = await headersOf(url, { method: 'POST', headers, body });
    expect([status, told.get('content-type')]).to.deep.equal([200, 'text/event-stream; charset=utf-8']);
    expectHeaders(told, FROM_THE_APPLICATION, 'a stream');
    expect(told.get('cache-control')).to.equal('no-store');
  });

  it('comes by a confidential way wherever a password or a token comes in or goes out', () => {
    const fieldsOf = (schema: unknown): string[] => {
      if (!(schema instanceof z.ZodType)) return [];
      const json = JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
      return SECRETS.filter((name) => json.includes(`"${name}":`));
    };
    const secret = routes
      .map(({ route }) => route)
      // Between services the addresses themselves have to be https, loopback or declared private.
      .filter((route) => !ENDING.has(doorOf(route)) && route.permission !== 'service')
      .filter((route) =>
        [route.body, ...Object.values(route.answers).map(({ schema }) => schema)].some(
          (schema) => fieldsOf(schema).length > 0,
        ),
      );
    expect(secret.map(doorOf)).to.include.members(['POST /api/auth/login', 'POST /api/change-password']);
    expect(secret.filter(({ confidential }) => confidential !== true).map(doorOf)).to.deep.equal([]);
  });

  /** Sends bytes as they are; the head of what came back, with its status. */
  async function raw(bytes: string): Promise<{ readonly head: Headers }> {
    const socket = connect(Number(new URL(server.urls.chat).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('error', () => socket.destroy());
    socket.write(bytes);
    await once(socket, 'close');
    const [first = '', ...lines] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
    const pairs = lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]);
    return { head: new Headers([['status', first.split(' ')[1] ?? ''], ...pairs]) };
  }
});
