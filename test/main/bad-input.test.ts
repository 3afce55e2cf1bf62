import { expect } from 'chai';
import { z } from 'zod';
import type { Route } from '../../src/adapters/inbound/http/route.ts';
import { SERVICES } from '../../src/main/service-name.ts';
import { type ComposedServer, composedServer, TEST_SERVICE_KEY } from '../support/composed-server.ts';

type Sent = string | Buffer;

/** Bodies that no route may take, whatever its schema says. */
const NEVER_TAKEN: ReadonlyArray<[string, Sent, string, number]> = [
  ['broken JSON', '{"a":', 'application/json', 400],
  ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), 'application/json', 400],
  ['NUL', '{"x":"\\u0000"}', 'application/json', 400],
  ['a lone surrogate', '{"x":["\\udfff"]}', 'application/json', 400],
  ['a prototype key', '{"__proto__":{"role":"admin"}}', 'application/json', 400],
  ['a constructor key', '{"constructor":{"prototype":{"a":1}}}', 'application/json', 400],
  ['deep nesting', `{"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 'application/json', 400],
  ['another content type', '{}', 'text/plain', 415],
];

/** Bodies that are JSON and no route's business. */
const ODD_BODIES: readonly unknown[] = [null, 0, 'text', [], [{}], {}];
/** Values that a field may not expect. */
const ODD_VALUES: readonly string[] = [
  'null',
  'true',
  '-1',
  '1e400',
  '0.1234567',
  '9007199254740993',
  '[]',
  '{}',
  '[["a"]]',
  '""',
  '"\\u202e\\u200b"',
  `"${'x'.repeat(100_000)}"`,
  '"\'; DROP TABLE users; --"',
  '{"$ne":null}',
  '"../../etc/passwd"',
];
/** Parts of an address that nobody expects. */
const ODD_SEGMENTS: readonly string[] = [
  '%00',
  '%ff',
  '%2e%2e%2f%2e%2e%2fetc',
  '__proto__',
  'constructor',
  '%F0%9F%92%A5',
  'x'.repeat(5_000),
  '%20',
  '-1',
  '%',
];
const ODD_NUMBERS: readonly string[] = [
  '-1',
  '0',
  '1e400',
  'NaN',
  '',
  'x',
  '99999999999999999999',
  '1&QUERY=2',
];

const fieldsOf = (schema: z.ZodType | undefined): string[] =>
  schema === undefined
    ? []
    : Object.keys(
        (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties as object) ?? {},
      );

describe('every route, given what it does not expect', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  let admin: string;
  const walked: Array<{ service: (typeof SERVICES)[number]; route: Route }> = [];

  before(async () => {
    server = await composedServer();
    admin = await server.logIn('admin');
    for (const service of SERVICES) {
      for (const route of server.routes[service]) walked.push({ service, route });
    }
  });
  after(() => server.close());

  async function send(
    { service, route }: (typeof walked)[number],
    path: string,
    body?: Sent,
    type = 'application/json',
  ): Promise<{ status: number; text: string; type: string }> {
    const token = route.permission === 'service' ? TEST_SERVICE_KEY : admin;
    const cut = new AbortController();
    const answer = await fetch(`${server.urls[service]}${path}`, {
      method: route.method.toUpperCase(),
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': type, 'Sec-Fetch-Site': 'same-origin' },
      signal: cut.signal,
      ...(body === undefined ? {} : { body }),
    });
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const text = isStream ? '' : await answer.text();
    cut.abort();
    return { status: answer.status, text, type: answer.headers.get('content-type') ?? '' };
  }

  /** An address of the route whose parameters are well formed and name nothing. */
  const plainPath = ({ path }: Route): string => path.replaceAll(/:[A-Za-z]+/g, 'nothing-of-that-name');

  /** Whoever is refused learns why in the one form, and nobody ever sees a mistake of the server. */
  function expectDecent(
    what: string,
    { status, text, type }: { status: number; text: string; type: string },
  ): void {
    expect(status, `${what}: ${text.slice(0, 300)}`).to.be.lessThan(500);
    if (status < 400) return;
    expect(type, what).to.match(/^application\/problem\+json/);
    const problem = JSON.parse(text) as { code: string; requestId: string; detail: string };
    expect(problem.code, what).to.match(/^[a-z_]+\.[a-z_]+$/);
    expect(problem.requestId, what).to.match(/^[0-9a-f-]{36}$/);
    expect(text.length, what).to.be.lessThan(10_000);
    expect(text, what).to.not.match(/node_modules|\.ts:|at async|SELECT|ZodError/);
  }

  it('walks more routes than a handful', () => {
    expect(walked.length).to.be.greaterThan(60);
  });

  it('refuses bodies that are no decent JSON before it looks at anything else', async () => {
    for (const entry of walked.filter(({ route }) => route.body !== undefined)) {
      for (const [what, body, type, status] of NEVER_TAKEN) {
        const name = `${entry.route.method} ${entry.route.path} with ${what}`;
        const answer = await send(entry, plainPath(entry.route), body, type);
        expectDecent(name, answer);
        expect(answer.status, name).to.equal(status);
      }
    }
  });

  it('never stumbles over a body of another shape', async () => {
    for (const entry of walked.filter(({ route }) => route.body !== undefined)) {
      for (const body of ODD_BODIES) {
        const name = `${entry.route.method} ${entry.route.path} with ${JSON.stringify(body)}`;
        const answer = await send(entry, plainPath(entry.route), JSON.stringify(body));
        expectDecent(name, answer);
        if (body === null || typeof body !== 'object' || Array.isArray(body)) {
          expect(answer.status, name).to.be.within(400, 499);
        }
      }
    }
  });

  it('never stumbles over a field of another kind', async () => {
    for (const entry of walked) {
      for (const field of fieldsOf(entry.route.body)) {
        for (const value of ODD_VALUES) {
          const name = `${entry.route.method} ${entry.route.path} with ${field} = ${value.slice(0, 40)}`;
          expectDecent(name, await send(entry, plainPath(entry.route), `{"${field}":${value}}`));
        }
      }
    }
  });

  it('never stumbles over a part of its address', async () => {
    for (const entry of walked.filter(({ route }) => route.path.includes(':'))) {
      for (const segment of ODD_SEGMENTS) {
        const path = entry.route.path.replaceAll(/:[A-Za-z]+/g, segment);
        const body = entry.route.body === undefined ? undefined : '{}';
        expectDecent(`${entry.route.method} ${path.slice(0, 80)}`, await send(entry, path, body));
      }
    }
  });

  it('never stumbles over its query', async () => {
    for (const entry of walked) {
      for (const field of fieldsOf(entry.route.query)) {
        for (const value of ODD_NUMBERS) {
          const path = `${plainPath(entry.route)}?${field}=${value.replace('QUERY', field)}`;
          expectDecent(`${entry.route.method} ${path}`, await send(entry, path));
        }
      }
    }
  });

  it('left no mistake in the log', () => {
    const mistakes = server.log.lines.filter(({ level }) => level === 'error');
    expect(
      mistakes.map(({ fields, message }) => `${message}: ${(fields.err as Error | undefined)?.stack}`),
    ).to.deep.equal([]);
  });
});
