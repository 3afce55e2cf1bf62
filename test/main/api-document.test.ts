import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { apiDocument } from '../../src/main/api-document.ts';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';

interface ApiDocument {
  readonly paths: Record<
    string,
    Record<
      string,
      { operationId: string; security?: unknown[]; responses: Record<string, { content?: object }> }
    >
  >;
  readonly components: { readonly schemas: object };
}

describe('the API document', () => {
  const committed = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  const document = JSON.parse(committed) as ApiDocument;

  it('is what the routes say', async () => {
    expect(await apiDocument(), 'run npm run openapi').to.equal(committed);
  });

  it('names every operation once', () => {
    const names = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(names).to.deep.equal([...new Set(names)]);
  });

  describe('describes real answers', () => {
    let server: ComposedServer;
    const tokens: Record<string, string> = {};
    const validator = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(validator);
    validator.addSchema({ $id: 'api', components: document.components });

    before(async () => {
      server = await composedServer();
      for (const name of ['admin', 'user1'] as const) tokens[name] = await server.logIn(name);
    });
    after(() => server.close());

    /** Asks, and holds the answer against the document: its status is listed and its body is of the form. */
    async function ask(
      method: string,
      template: string,
      options: { as?: string; params?: Record<string, string>; body?: unknown; status: number },
    ): Promise<Record<string, unknown>> {
      const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(options.params?.[name] ?? ''),
      );
      const answer = await fetch(`${server.urls.chat}${path}`, {
        method: method.toUpperCase(),
        headers: {
          'Content-Type': 'application/json',
          ...(options.as === undefined ? {} : { Authorization: `Bearer ${tokens[options.as]}` }),
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      });
      const text = await answer.text();
      expect(answer.status, text).to.equal(options.status);
      const responses = document.paths[template]?.[method]?.responses ?? {};
      const described =
        responses[String(options.status)] ?? (options.status >= 400 ? responses.default : undefined);
      expect(described, `${method} ${template} ${options.status}`).to.not.equal(undefined);
      const content = Object.values(described?.content ?? {})[0] as { schema: object } | undefined;
      const body = JSON.parse(text) as Record<string, unknown>;
      const schema = JSON.parse(
        JSON.stringify(content?.schema ?? {}).replaceAll('"#/components', '"api#/components'),
      ) as object;
      const fits = validator.validate(schema, body);
      expect(fits, `${method} ${template}: ${validator.errorsText()} in ${text.slice(0, 300)}`).to.equal(
        true,
      );
      return body;
    }

    it('by their media types', async () => {
      const open = Object.entries(document.paths).filter(
        ([path, { get }]) => get?.security?.length === 0 && !path.includes('{'),
      );
      for (const [path, { get }] of open) {
        const media = Object.keys(get?.responses['200']?.content ?? {}).join();
        const answer = await fetch(`${server.urls.chat}${path}`, { headers: { Accept: media } });
        await answer.text();
        const described = Object.keys(get?.responses[String(answer.status)]?.content ?? {});
        expect(described, path).to.deep.equal([answer.headers.get('content-type')?.split(';')[0]]);
      }
      expect(open.map(([path]) => path)).to.include.members(['/', '/health', '/api/version']);
    });

    it('of accounts', async () => {
      await ask('post', '/api/auth/signup', {
        body: { username: 'ann', email: 'ann@example.org', password: 'a long password' },
        status: 201,
      });
      await ask('post', '/api/auth/login', {
        body: { username: 'ann', password: 'wrong password' },
        status: 401,
      });
      const login = await ask('post', '/api/auth/login', {
        body: { username: 'ann', password: 'a long password' },
        status: 200,
      });
      await ask('post', '/api/auth/refresh', { body: { refreshToken: login.refreshToken }, status: 200 });
      await ask('get', '/api/auth/me', { as: 'user1', status: 200 });
      await ask('get', '/api/auth/me', { status: 401 });
      await ask('get', '/api/admin/users', { as: 'admin', status: 200 });
      await ask('get', '/api/admin/users', { as: 'user1', status: 403 });
      await ask('get', '/.well-known/jwks.json', { status: 200 });
    });

    it('of credit', async () => {
      await ask('get', '/api/credits/balance', { as: 'user1', status: 200 });
      await ask('post', '/api/credits/allocate', {
        as: 'admin',
        body: { userId: 'user1', credits: 2.5 },
        status: 201,
      });
      await ask('post', '/api/credits/allocate', { as: 'admin', body: { userId: 'user1' }, status: 400 });
      await ask('post', '/api/credits/check', { as: 'user1', body: { requiredCredits: 1 }, status: 200 });
      await ask('post', '/api/credits/calculate', {
        as: 'user1',
        body: { modelId: 'handbook', tokens: 5 },
        status: 200,
      });
      await ask('get', '/api/usage/stats', { as: 'user1', status: 200 });
      await ask('get', '/api/ledger/journal', { as: 'admin', status: 200 });
      await ask('get', '/api/credits/allocations/all', { as: 'admin', status: 200 });
    });

    it('of chats', async () => {
      const chat = await ask('post', '/api/chat/sessions', {
        as: 'user1',
        body: { title: 'One' },
        status: 201,
      });
      const params = { id: String(chat.sessionId) };
      await ask('post', '/api/chat/sessions/{id}/messages', {
        as: 'user1',
        params,
        body: { message: 'What is a hold?' },
        status: 200,
      });
      await ask('get', '/api/chat/sessions/{id}', { as: 'user1', params, status: 200 });
      await ask('get', '/api/chat/sessions/{id}', { as: 'admin', params, status: 404 });
      await ask('get', '/api/chat/sessions/{id}/messages', { as: 'user1', params, status: 200 });
      await ask('get', '/api/chat/sessions', { as: 'user1', status: 200 });
      await ask('post', '/api/chat/sessions/{id}/update-stream', {
        as: 'user1',
        params,
        body: {},
        status: 400,
      });
      await ask('get', '/api/models', { as: 'user1', status: 200 });
      await ask('post', '/api/models/recommend', { as: 'user1', body: { task: 'code' }, status: 200 });
      await ask('get', '/health', { status: 200 });
    });
  });
});
