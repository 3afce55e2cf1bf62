import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { ConfidentialWay, type Way } from '../../../src/adapters/inbound/http/confidential-way.ts';
import { defineRoute } from '../../../src/adapters/inbound/http/route.ts';
import { type HttpHarness, serveRoutes } from '../../support/http-harness.ts';

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A request as Node presents it, from an address and with headers. */
const requestFrom = (remoteAddress: string, headers: Headers = {}, tls = false): IncomingMessage => {
  const distinct = Object.entries(headers).map(([name, value]) => [name, [value].flat()]);
  const socket = Object.create(tls ? TLSSocket.prototype : null, { remoteAddress: { value: remoteAddress } });
  return { socket, headers, headersDistinct: Object.fromEntries(distinct) } as unknown as IncomingMessage;
};

const PROXY = '192.0.2.7';
const behindProxy: Way = { trustedProxies: [PROXY], privateNetwork: false };
const alone: Way = { trustedProxies: [], privateNetwork: false };

describe('the way of a secret', () => {
  const holds = (way: Way, ...asked: Parameters<typeof requestFrom>): boolean =>
    new ConfidentialWay(way).holds(requestFrom(...asked));

  const reports: ReadonlyArray<[string, Headers, boolean]> = [
    ['https', { 'x-forwarded-proto': 'https' }, true],
    ['HTTPS', { 'x-forwarded-proto': ' HTTPS ' }, true],
    ['wss', { 'x-forwarded-proto': 'wss' }, true],
    ['nothing', {}, true],
    ['http', { 'x-forwarded-proto': 'http' }, false],
    ['ws', { 'x-forwarded-proto': 'ws' }, false],
    ['an empty word', { 'x-forwarded-proto': '' }, false],
    ['https before http', { 'x-forwarded-proto': 'https, http' }, false],
    ['http before https', { 'x-forwarded-proto': 'http, https' }, false],
    ['https and http on two lines', { 'x-forwarded-proto': ['https', 'http'] }, false],
    ['https at every hop', { 'x-forwarded-proto': 'https, https' }, true],
    ['more hops than anybody has', { 'x-forwarded-proto': Array(17).fill('https').join() }, false],
    ['http in the standard form', { forwarded: 'for=192.0.2.60;proto=http;by=203.0.113.43' }, false],
    ['http at one of two standard hops', { forwarded: 'proto=https, for=x; Proto="http"' }, false],
    ['https in the standard form', { forwarded: 'for=192.0.2.60; proto="https"' }, true],
    [
      'https in one form and http in the other',
      { forwarded: 'proto=http', 'x-forwarded-proto': 'https' },
      false,
    ],
  ];
  for (const [what, headers, expected] of reports) {
    it(`${expected ? 'holds' : 'does not hold'} when a trusted proxy reports ${what}`, () => {
      expect(holds(behindProxy, PROXY, headers)).to.equal(expected);
      expect(holds(behindProxy, `::ffff:${PROXY}`, headers)).to.equal(expected);
    });
  }

  it('is not what a stranger reports', () => {
    expect(holds(behindProxy, '198.51.100.9', { 'x-forwarded-proto': 'https' })).to.equal(false);
    expect(holds(alone, '198.51.100.9', { 'x-forwarded-proto': 'https' })).to.equal(false);
    expect(holds(alone, '127.0.0.1', { 'x-forwarded-proto': 'http' })).to.equal(true);
  });

  it('holds from this machine, over TLS and over a private network', () => {
    expect(holds(alone, '::1')).to.equal(true);
    expect(holds(behindProxy, '127.0.0.1')).to.equal(true);
    expect(holds(alone, '198.51.100.9', {}, true)).to.equal(true);
    expect(holds({ ...alone, privateNetwork: true }, '10.0.0.9')).to.equal(true);
  });

  it('does not hold through a proxy by TLS that was itself asked in the clear', () => {
    expect(holds(behindProxy, PROXY, { 'x-forwarded-proto': 'http' }, true)).to.equal(false);
  });

  it('does not hold past the proxy, from elsewhere in the clear', () => {
    expect(holds(behindProxy, '198.51.100.9')).to.equal(false);
  });
});

describe('a confidential route', () => {
  let server: HttpHarness;
  let handled = 0;
  const route = (path: string, confidential: boolean) =>
    defineRoute({
      method: 'post',
      path,
      operationId: path.slice(1),
      summary: 's',
      permission: 'public',
      ...(confidential ? { confidential } : {}),
      answers: { 200: { description: 'a' } },
      handle: async () => {
        handled += 1;
        return { status: 200, body: {} };
      },
    });

  before(async () => {
    server = await serveRoutes([route('/secret', true), route('/open', false)], {
      hosts: new Set(['127.0.0.1']),
      origins: new Set(),
      trustedProxies: ['127.0.0.1'],
      privateNetwork: false,
      https: true,
      metrics: { text: async () => '', contentType: 'text/plain', token: undefined },
    });
  });
  after(() => server.close());

  const post = (path: string, proto: string): Promise<Response> =>
    fetch(`${server.url}${path}`, { method: 'POST', headers: { 'X-Forwarded-Proto': proto } });

  it('is refused with a code and a sentence before anything else is looked at', async () => {
    handled = 0;
    const answer = await post('/secret', 'http');
    expect(answer.status).to.equal(403);
    expect(await answer.json()).to.include({
      code: 'request.in_the_clear',
      detail: 'This needs https: what you send here could be read on its way',
    });
    expect(handled).to.equal(0);
  });

  it('is served when the proxy was asked by https', async () => {
    expect((await post('/secret', 'https')).status).to.equal(200);
  });

  it('stands beside routes that carry no secret and are served either way', async () => {
    expect((await post('/open', 'http')).status).to.equal(200);
  });
});
