import { expect } from 'chai';
import { z } from 'zod';
import { defineRoute, type Route } from '../../../src/adapters/inbound/http/route.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { type HttpHarness, serveRoutes } from '../../support/http-harness.ts';

const ANSWERS = { 200: { description: 'done' } };
const common = { summary: 's', permission: 'public', answers: ANSWERS } as const;

const ROUTES: readonly Route[] = [
  defineRoute({
    ...common,
    method: 'post',
    path: '/echo/:name',
    operationId: 'echo',
    params: z.object({ name: z.string().max(20) }),
    query: z.object({ page: z.coerce.number().int().min(1).max(9).optional() }),
    body: z.object({ text: z.string().max(10), tags: z.array(z.string()).max(3).optional() }),
    handle: async ({ params, body, query, address }) => ({
      status: 200,
      body: { params, body, query, address },
    }),
  }),
  defineRoute({
    ...common,
    method: 'get',
    path: '/service',
    operationId: 'service',
    permission: 'service',
    handle: async () => ({ status: 200, body: {} }),
  }),
  defineRoute({
    ...common,
    method: 'get',
    path: '/broken',
    operationId: 'broken',
    handle: async () => {
      throw new Error('secret detail of the database');
    },
  }),
  defineRoute({
    ...common,
    method: 'get',
    path: '/refused',
    operationId: 'refused',
    handle: async () => {
      throw new DomainError('stream.already_active', 'One is running', {
        internal: { expected: 'hidden' },
        retryAfterMs: 1_500,
      });
    },
  }),
  defineRoute({
    ...common,
    method: 'get',
    path: '/events',
    operationId: 'events',
    answers: { 200: { description: 'events', schema: 'event-stream' } },
    handle: async () => ({
      raw: async (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.end(': hello\n\n');
      },
    }),
  }),
];

describe('the HTTP base', () => {
  let server: HttpHarness;
  before(async () => {
    server = await serveRoutes(ROUTES);
  });
  after(() => server.close());

  const post = (
    body: string | Buffer,
    headers: Record<string, string> = {},
    path = '/echo/a',
  ): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  const problemOf = async (answer: Response): Promise<Record<string, unknown>> => {
    expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(problem.requestId).to.equal(answer.headers.get('x-request-id'));
    expect(problem.status).to.equal(answer.status);
    expect(problem.message).to.equal(problem.detail);
    return problem;
  };

  it('answers what its schemas made of the request, and ignores unknown fields', async () => {
    const answer = await post('{"text":"hi","more":1}', {}, '/echo/a?page=2');
    expect(await answer.json()).to.deep.equal({
      params: { name: 'a' },
      body: { text: 'hi' },
      query: { page: 2 },
      address: '127.0.0.1',
    });
  });

  it('takes a null member as one that was left out', async () => {
    const answer = await post('{"text":"hi","tags":null}');
    expect(await answer.json()).to.deep.include({ body: { text: 'hi' } });
    expect((await post('{"text":null}')).status).to.equal(400);
  });

  const deep = `{"text":${'['.repeat(200)}${']'.repeat(200)}}`;
  const refused: ReadonlyArray<[string, string | Buffer, Record<string, string>, number, string]> = [
    ['a missing field', '{}', {}, 400, 'text'],
    ['a wrong type', '{"text":1}', {}, 400, 'text'],
    ['a text that is too long', '{"text":"12345678901"}', {}, 400, 'text'],
    ['a fault inside a list', '{"text":"a","tags":["a",2]}', {}, 400, 'tags.1'],
    ['a body that is no object', '[]', {}, 400, ''],
    ['broken JSON', '{"text":', {}, 400, ''],
    ['an empty body', '', {}, 400, ''],
    ['NUL', '{"text":"a\\u0000"}', {}, 400, 'text'],
    ['NUL in an unknown field', '{"text":"a","other":{"x":"\\u0000"}}', {}, 400, 'other.x'],
    ['a lone surrogate', '{"text":"\\ud800"}', {}, 400, 'text'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}, 400, ''],
    ['a prototype key', '{"text":"a","__proto__":{"x":1}}', {}, 400, ''],
    ['a constructor key', '{"text":"a","constructor":{"prototype":{"x":1}}}', {}, 400, ''],
    ['deep nesting', deep, {}, 400, `text${'.0'.repeat(31)}`],
  ];
  for (const [what, body, headers, status, path] of refused) {
    it(`refuses ${what} with the path of the fault`, async () => {
      const answer = await post(body, headers);
      const problem = await problemOf(answer);
      expect(answer.status).to.equal(status);
      expect(problem.code).to.equal('request.invalid');
      expect((problem.errors as Array<{ path: string }>)[0]?.path).to.equal(path);
    });
  }

  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
    it(`refuses the content type ${type || '(none)'} with 415`, async () => {
      const answer = await post(Buffer.from('{"text":"a"}'), { 'Content-Type': type });
      expect(answer.status).to.equal(415);
      expect((await problemOf(answer)).code).to.equal('request.content_type');
    });
  }

  it('takes a content type with parameters', async () => {
    const answer = await post('{"text":"a"}', { 'Content-Type': 'Application/JSON; charset=utf-8' });
    expect(answer.status).to.equal(200);
  });

  it('refuses a compressed body with 415', async () => {
    expect((await post('{"text":"a"}', { 'Content-Encoding': 'gzip' })).status).to.equal(415);
  });

  it('refuses a body above the limit with 413, declared or not', async () => {
    const large = `{"text":"${'a'.repeat(262_144)}"}`;
    expect((await post(large)).status).to.equal(413);
    const chunked = [
      'POST /echo/a HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    ];
    const answer = await server.raw(
      `${chunked.join('\r\n')}\r\nConnection: close\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
    );
    expect(answer).to.match(/^HTTP\/1\.1 413 /);
  });

  it('cuts a path that quotes what the caller sent', async () => {
    const answer = await post(`{"text":"a","${'k'.repeat(100_000)}":"\\u0000"}`);
    expect(answer.status).to.equal(400);
    expect((await answer.text()).length).to.be.lessThan(2_000);
  });

  it('names no more than twenty faults', async () => {
    const body = JSON.stringify({ text: 'a', tags: Array.from({ length: 500 }, () => 1) });
    expect((await problemOf(await post(body))).errors).to.have.length.at.most(20);
  });

  it('tells nothing of a mistake of its own but the request id, and logs it', async () => {
    const answer = await fetch(`${server.url}/broken`);
    const problem = await problemOf(answer);
    expect(answer.status).to.equal(500);
    expect(JSON.stringify(problem)).to.not.contain('secret');
    const logged = server.log.lines.find(({ fields }) => fields.requestId === problem.requestId);
    expect((logged?.fields.err as Error | undefined)?.message).to.equal('secret detail of the database');
  });

  it('never shows what a refusal keeps for the log, and tells clients not to retry a taken slot', async () => {
    const answer = await fetch(`${server.url}/refused`);
    expect(answer.status).to.equal(409);
    expect(answer.headers.get('x-should-retry')).to.equal('false');
    expect(JSON.stringify(await problemOf(answer))).to.not.contain('hidden');
  });

  it('asks for a credential where one is needed, and says which kind', async () => {
    const answer = await fetch(`${server.url}/service`);
    expect(answer.status).to.equal(401);
    expect(answer.headers.get('www-authenticate')).to.equal('Bearer');
  });

  for (const authorization of [
    'Basic dTpw',
    'Bearer',
    'Bearer a b',
    `Bearer ${'a'.repeat(9_000)}`,
    'Bearer wrong',
  ]) {
    it(`refuses the credential ${authorization.slice(0, 20)}, also where none is needed`, async () => {
      const answer = await post('{"text":"a"}', { Authorization: authorization });
      expect(answer.status).to.equal(401);
      expect((await problemOf(answer)).code).to.equal('credential.invalid');
    });
  }

  it('opens service routes to the service key alone', async () => {
    const answer = await fetch(`${server.url}/service`, {
      headers: { Authorization: 'Bearer the-service-key' },
    });
    expect(answer.status).to.equal(200);
  });

  it('answers 404 for what is not there and 405 with Allow for another method', async () => {
    expect((await problemOf(await fetch(`${server.url}/nowhere`))).code).to.equal('request.no_route');
    const answer = await fetch(`${server.url}/echo/a`);
    expect(answer.status).to.equal(405);
    expect(answer.headers.get('allow')).to.equal('POST');
  });

  it('answers OPTIONS with what is allowed', async () => {
    const answer = await fetch(`${server.url}/broken`, { method: 'OPTIONS' });
    expect(answer.status).to.equal(204);
    expect(answer.headers.get('allow')).to.contain('GET');
  });

  it('answers HEAD like GET without a body, but never opens a stream for it', async () => {
    const answer = await fetch(`${server.url}/refused`, { method: 'HEAD' });
    expect(answer.status).to.equal(409);
    expect(await answer.text()).to.equal('');
    expect((await fetch(`${server.url}/events`, { method: 'HEAD' })).status).to.equal(405);
  });

  it('lets a route write to the socket itself', async () => {
    expect(await (await fetch(`${server.url}/events`)).text()).to.equal(': hello\n\n');
  });

  it('lets an answer do nothing in a browser', async () => {
    const { headers } = await fetch(`${server.url}/nowhere`);
    expect(headers.get('content-security-policy')).to.contain("default-src 'none'");
    expect(headers.get('x-content-type-options')).to.equal('nosniff');
  });

  const wild: ReadonlyArray<[string, string, RegExp]> = [
    ['what is no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"code":"request\.malformed"/],
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      'two lengths',
      'POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a length and chunks together',
      'POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    // No name stands before these routes; where one does, such a request is refused like any of another name.
    ['a request without a host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
    [
      'an address that cannot be decoded',
      'POST /echo/%ff%zz HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{"text":"a"}',
      /^HTTP\/1\.1 (200|400|404) /,
    ],
    [
      'an address that is only a percent sign',
      'GET /% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    [
      'an absolute address',
      'GET http://other/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    [
      'a path with two slashes',
      'GET //broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    [
      'a body that ends too early',
      'POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"te',
      /^(HTTP\/1\.1 400 |$)/,
    ],
  ];
  for (const [what, bytes, expected] of wild) {
    it(`survives ${what}`, async () => {
      expect(await server.raw(bytes)).to.match(expected);
      expect((await post('{"text":"a"}')).status).to.equal(200);
    });
  }

  it('made no unexpected mistake but the planted one', () => {
    const mistakes = server.log.lines.filter(({ level }) => level === 'error');
    expect(mistakes.map(({ fields }) => (fields.err as Error).message)).to.deep.equal([
      'secret detail of the database',
    ]);
  });
});
