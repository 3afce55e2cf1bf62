import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Answer, ApiClient, type EventReader } from '../support/api-client.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { expectProblem } from '../support/problems.ts';
import { RunningServer } from '../support/running-server.ts';

/** How long after its end a key may still be good for anything, in milliseconds. */
const SHUT_OUT_MS = 1_000;
/** Life of a key that ends in the middle of an answer, in milliseconds. */
const EXPIRES_IN_MS = 3_000;
/** How long this machine may take to see that a connection was cut, in milliseconds. */
const LOOK_MS = 500;

describe('API keys, as programs and their owners meet them', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let admin: ApiClient;

  before(async () => {
    server = await RunningServer.start([
      '--demo',
      '--model-pace',
      '20',
      '--log-level',
      'debug',
      '--drain-grace',
      '1s',
    ]);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
  });
  after(() => server.dispose());

  const draft = { name: 'a script', scopes: ['chat'], password: 'User1@123' };
  const mint = (fields: object = {}, by = user): Promise<Answer> =>
    by.post('auth', '/api/keys', { ...draft, ...fields });
  const minted = async (fields: object = {}): Promise<{ id: string; client: ApiClient; key: string }> => {
    const { status, body } = await mint(fields);
    expect(status, JSON.stringify(body)).to.equal(201);
    return { id: body.id, key: body.key, client: new ApiClient(server.urls, body.key) };
  };
  const revoke = (id: string): Promise<Answer> => user.send('auth', 'DELETE', `/api/keys/${id}`, undefined);
  async function streaming(client: ApiClient): Promise<EventReader> {
    const reader = await client.start(await client.createChat());
    expect(reader.response.status).to.equal(200);
    await reader.until(({ text }) => text.length > 0);
    return reader;
  }

  /** Expects that a stream breaks off, without an end of its own, soon after something was done. */
  async function expectCut(reader: EventReader, act: () => Promise<unknown>): Promise<void> {
    const ended = reader.toEnd();
    await act();
    const doneAt = performance.now();
    expect(await ended).to.equal(undefined);
    expect(performance.now() - doneAt).to.be.below(SHUT_OUT_MS);
  }

  it('talk with a model as their owner, on every port, and do nothing that takes a login', async () => {
    const { client } = await minted();
    const reader = await streaming(client);
    const chats = (await user.get('chat', '/api/chat/sessions')).body.sessions;
    expect(chats).to.have.length(1);
    await client.stop(chats[0].sessionId, reader.streamId);
    expect((await reader.toEnd())?.type).to.equal('done');
    expect((await client.get('auth', '/api/auth/me')).body.username).to.equal('user1');
    for (const [service, path] of [
      ['accounting', '/api/credits/balance'],
      ['auth', '/api/keys'],
      ['chat', '/api/admin/users'],
      ['accounting', '/api/ledger/journal'],
    ] as const) {
      expectProblem(
        await client.get(service, path),
        403,
        'permission.denied',
        service === 'auth' ? 'error' : undefined,
      );
    }
  });

  it('are cut within a second of the end that they were given', async () => {
    const expiresAtMs = Date.now() + EXPIRES_IN_MS;
    const { client } = await minted({ expiresAt: new Date(expiresAtMs).toISOString() });
    const reader = await streaming(client);
    expect(await reader.toEnd()).to.equal(undefined);
    expect(Date.now()).to.be.within(expiresAtMs, expiresAtMs + SHUT_OUT_MS + LOOK_MS);
    expectProblem(await client.get('chat', '/api/models'), 401, 'credential.expired');
  });

  it('end their open streams within a second of being revoked', async () => {
    const { id, client } = await minted();
    const other = await minted();
    const [cut, kept] = [await streaming(client), await streaming(other.client)];
    await expectCut(cut, () => revoke(id));
    expectProblem(await client.get('auth', '/api/auth/me'), 401, 'credential.expired', 'error');
    const before = kept.text.length;
    expect(await kept.until(({ text }) => text.length > before)).to.equal(true);
    await kept.cut();
  });

  it('are revoked by the operator as well, through the socket of the running server', async () => {
    const { id, client } = await minted();
    const reader = await streaming(client);
    await expectCut(reader, async () => {
      const { code, stdout } = await holdfast(['keys', 'revoke', id, '--data', server.data]);
      expect([code, stdout]).to.deep.equal([0, `${id} has ended.\n`]);
    });
    const again = await holdfast(['keys', 'revoke', id, '--data', server.data]);
    expect([again.code, again.stderr]).to.deep.equal([1, 'holdfast: There is no such API key\n']);
  });

  it('end with their owner, and do not come back with him', async () => {
    const account = { username: 'leaver', email: 'leaver@example.org', password: 'quartz lantern meadow' };
    await admin.post('auth', '/api/admin/users', account);
    await admin.post('accounting', '/api/credits/allocate', { userId: 'leaver', credits: 5 });
    const leaver = await ApiClient.login(server.urls, 'leaver', account.password);
    const { body } = await mint({ password: account.password }, leaver);
    const client = new ApiClient(server.urls, body.key);
    const reader = await streaming(client);
    const disable = (disabled: boolean) =>
      admin.send('auth', 'PATCH', '/api/admin/users/leaver', JSON.stringify({ disabled }));
    await expectCut(reader, () => disable(true));
    await disable(false);
    expect((await client.get('auth', '/api/auth/me')).status).to.equal(401);
  });

  it('are told from tokens by one look, and never fall back', async () => {
    const { key } = await minted();
    for (const wrong of [key.slice(0, -1), `${key}0`, key.toUpperCase(), key.replace('hf_', 'hf-'), 'hf_']) {
      const answer = await new ApiClient(server.urls, wrong).get('chat', '/api/models');
      expectProblem(answer, 401, 'credential.invalid');
    }
  });

  it('survive a restart, as does their end, and stand in no file and no log', async () => {
    const [kept, ended] = [await minted(), await minted()];
    await kept.client.get('auth', '/api/auth/me');
    await revoke(ended.id);
    expect(await server.end()).to.equal(0);
    const printed = server.output;
    for (const file of readdirSync(server.data, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const bytes = readFileSync(join(file.parentPath, file.name));
      for (const { key } of [kept, ended]) expect(bytes.includes(key), file.name).to.equal(false);
    }
    for (const { key } of [kept, ended]) expect(printed).to.not.include(key);
    server = await RunningServer.start(['--demo', '--model-pace', '20'], server.data);
    const me = (key: string) => new ApiClient(server.urls, key).get('auth', '/api/auth/me');
    expect((await me(kept.key)).status).to.equal(200);
    expect((await me(ended.key)).status).to.equal(401);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const listed = (await user.get('auth', '/api/keys')).body.keys;
    const found = listed.find((each: { id: string }) => each.id === kept.id);
    expect(Date.parse(found.lastUsedAt)).to.be.at.most(Date.now());
    expect(listed.map((each: { id: string }) => each.id)).to.not.include(ended.id);
  });
});
