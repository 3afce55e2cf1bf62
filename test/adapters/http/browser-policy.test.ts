import { expect } from 'chai';
import { type ContentPolicy, PAGE_POLICY } from '../../../src/adapters/inbound/http/browser-policy.ts';
import { HttpRefusal } from '../../../src/adapters/inbound/http/problem.ts';
import { defineRoute, type Route, type RouteReply } from '../../../src/adapters/inbound/http/route.ts';
import { type HttpHarness, serveRoutes } from '../../support/http-harness.ts';

const NOTHING = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";

const route = (path: string, reply: () => RouteReply, pagePolicy?: ContentPolicy): Route =>
  defineRoute({
    method: 'get',
    path,
    operationId: path.slice(1),
    summary: 's',
    permission: 'public',
    ...(pagePolicy ? { pagePolicy } : {}),
    answers: { 200: { description: 'a', schema: 'html' } },
    handle: async () => reply(),
  });

describe('what an answer may do in a browser', () => {
  let server: HttpHarness;
  before(async () => {
    server = await serveRoutes([
      route('/api', () => ({ status: 200, body: {} })),
      route('/page', () => ({ status: 200, body: '<p>' }), PAGE_POLICY),
      route(
        '/failing',
        () => {
          throw new HttpRefusal(404, 'request.no_route', 'Nothing');
        },
        PAGE_POLICY,
      ),
      route('/unsafe', () => ({ status: 200, body: '<p>' }), { 'script-src': ["'unsafe-inline'"] }),
      route('/kept', () => ({ status: 200, body: 'x', headers: { 'Cache-Control': 'max-age=60' } })),
      {
        ...route('/raw', () => ({ status: 200 })),
        pagePolicy: PAGE_POLICY,
        handle: async () => ({ raw: async (_request, response) => void response.writeHead(200).end('raw') }),
      },
    ]);
  });
  after(() => server.close());

  const headersOf = async (path: string): Promise<Headers> => (await fetch(`${server.url}${path}`)).headers;

  it('is nothing at all unless its route is a page', async () => {
    expect((await headersOf('/api')).get('content-security-policy')).to.equal(NOTHING);
    expect((await headersOf('/nowhere')).get('content-security-policy')).to.equal(NOTHING);
  });

  it('is for a page what its route says, also when the route writes the answer itself', async () => {
    for (const path of ['/page', '/raw']) {
      const headers = await headersOf(path);
      expect(headers.get('content-security-policy')).to.equal(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
          "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      );
      expect(headers.get('permissions-policy')).to.contain('camera=()');
      expect(headers.get('cross-origin-opener-policy')).to.equal('same-origin');
    }
  });

  it('is nothing at all when a page is refused', async () => {
    expect((await headersOf('/failing')).get('content-security-policy')).to.equal(NOTHING);
  });

  it('is never a policy that runs what somebody put into the page', async () => {
    const answer = await fetch(`${server.url}/unsafe`);
    expect(answer.status).to.equal(500);
    expect(answer.headers.get('content-security-policy')).to.equal(NOTHING);
  });

  it('is not kept in a cache unless the route says so', async () => {
    expect((await headersOf('/api')).get('cache-control')).to.equal('no-store');
    expect((await headersOf('/nowhere')).get('cache-control')).to.equal('no-store');
    expect((await headersOf('/kept')).get('cache-control')).to.equal('max-age=60');
  });
});
