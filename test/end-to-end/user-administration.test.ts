import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Answer, ApiClient, type EventReader } from '../support/api-client.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { expectProblem } from '../support/problems.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORD = 'a long enough password';

describe('the administration of users, as an outside client meets it', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let nobody: ApiClient;
  let admin: ApiClient;
  let adminId: string;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '20']);
    nobody = new ApiClient(server.urls);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    adminId = (await admin.get('auth', '/api/auth/me')).body.id;
  });
  after(() => server.dispose());

  const create = (fields: object = {}): Promise<Answer> => {
    const username = `p${randomUUID().slice(0, 8)}`;
    const account = { username, email: `${username}@example.org`, password: PASSWORD };
    return admin.post('auth', '/api/admin/users', { ...account, ...fields });
  };
  const patch = (user: string, change: unknown): Promise<Answer> =>
    admin.send('auth', 'PATCH', `/api/admin/users/${user}`, JSON.stringify(change));
  const remove = (user: string): Promise<Answer> =>
    admin.send('auth', 'DELETE', `/api/admin/users/${user}`, undefined);

  /** A person with credit and a stream of his that is on its way. */
  async function streaming(): Promise<{
    id: string;
    username: string;
    client: ApiClient;
    chat: string;
    reader: EventReader;
  }> {
    const { user } = (await create()).body;
    await admin.post('accounting', '/api/credits/allocate', { userId: user.id, credits: 5 });
    const client = await ApiClient.login(server.urls, user.username, PASSWORD);
    const chat = await client.createChat();
    const reader = await client.start(chat);
    await reader.until(({ text }) => text.length > 0);
    return { id: user.id, username: user.username, client, chat, reader };
  }

  /** Expects that a person's stream was stopped, billed for what it said, and that nothing of his is held. */
  async function expectSettled(id: string, reader: EventReader): Promise<void> {
    const { body: balance } = await admin.get('accounting', `/api/credits/balance/${id}`);
    expect(balance.heldCredits).to.equal(0);
    expect(balance.availableCredits).to.be.greaterThan(0).and.below(5);
    const { body: active } = await admin.get('accounting', `/api/streaming-sessions/active/${id}`);
    expect(active).to.deep.equal([]);
    const { body: usage } = await admin.get('accounting', `/api/usage/stats/${id}`);
    expect(usage.totalRecords).to.equal(1);
    expect(usage.recentActivity[0]).to.include({ sessionId: reader.streamId, credits: usage.totalCredits });
    expect(usage.totalCredits).to.be.closeTo(5 - balance.availableCredits, 1e-9);
  }

  it('is for admins alone', async () => {
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const supervisor = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    const service = new ApiClient(server.urls, readFileSync(join(server.data, 'service-key'), 'utf8').trim());
    const body = JSON.stringify({ role: 'admin', username: 'x', email: 'x@example.org', password: PASSWORD });
    for (const [method, path] of [
      ['GET', '/api/admin/users'],
      ['POST', '/api/admin/users'],
      ['PATCH', `/api/admin/users/${adminId}`],
      ['DELETE', `/api/admin/users/${adminId}`],
    ] as const) {
      const sent = method === 'GET' || method === 'DELETE' ? undefined : body;
      for (const client of [user, supervisor, service]) {
        expectProblem(await client.send('auth', method, path, sent), 403, 'permission.denied', 'error');
      }
      expectProblem(await nobody.send('auth', method, path, sent), 401, 'credential.missing', 'error');
    }
  });

  it('creates accounts of every role, and takes enduser for user', async () => {
    for (const [written, stored] of [
      ['user', 'user'],
      ['enduser', 'user'],
      ['supervisor', 'supervisor'],
      ['admin', 'admin'],
    ]) {
      const { status, body } = await create({ role: written, isVerified: true });
      expect([status, body.user.role, body.user.isVerified]).to.deep.equal([201, stored, true]);
      expect(body.userId).to.equal(body.user.id);
      expect((await remove(body.userId)).status).to.equal(200);
    }
    for (const role of ['root', 'Admin', '', 5]) {
      expectProblem(await create({ role }), 400, 'request.invalid', 'error');
    }
  });

  it('lists by pages, and says how many there are', async () => {
    await create();
    const first = (await admin.get('auth', '/api/admin/users?limit=1')).body;
    const second = (await admin.get('auth', '/api/admin/users?limit=1&page=2')).body;
    expect(first.users).to.have.length(1);
    expect(second.users[0].id).not.to.equal(first.users[0].id);
    expect(first.pagination).to.deep.equal({
      total: first.pagination.total,
      pages: first.pagination.total,
      currentPage: 1,
      perPage: 1,
    });
    const listed = (await admin.get('auth', '/api/admin/users?limit=100')).body;
    expect(listed.users).to.have.length(listed.pagination.total);
    expect(JSON.stringify(listed)).not.to.match(/argon2|password[^"]*":"/i);
    for (const query of ['limit=0', 'limit=101', 'page=0', 'page=x', 'limit=1.5']) {
      expectProblem(await admin.get('auth', `/api/admin/users?${query}`), 400, 'request.invalid', 'error');
    }
  });

  it('changes an account by id or name, all that is asked for at once', async () => {
    const { user } = (await create()).body;
    const change = { role: 'supervisor', isVerified: true, password: 'set by an admin', disabled: true };
    const changed = await patch(user.username.toUpperCase(), change);
    expect(changed.status).to.equal(200);
    expect(changed.body.user).to.include({
      id: user.id,
      role: 'supervisor',
      isVerified: true,
      disabled: true,
    });
    expect((await patch(user.id, { disabled: false })).body.user.disabled).to.equal(false);
    const client = await ApiClient.login(server.urls, user.username, 'set by an admin');
    expect((await client.get('auth', '/api/auth/me')).body.role).to.equal('supervisor');
    for (const wrong of [{ role: 'root' }, { disabled: 'yes' }, { isVerified: 1 }, { password: 'short' }]) {
      expectProblem(await patch(user.id, wrong), 400, 'request.invalid', 'error');
    }
    expectProblem(await patch('nobody-at-all', { disabled: true }), 404, 'user.not_found', 'error');
    expectProblem(await patch(`u_${'0'.repeat(32)}`, {}), 404, 'user.not_found', 'error');
  });

  it('never loses the last admin', async () => {
    for (const change of [{ role: 'user' }, { disabled: true }]) {
      expectProblem(await patch(adminId, change), 409, 'account.last_admin', 'error');
    }
    expectProblem(await remove('admin'), 409, 'account.last_admin', 'error');
    const { user } = (await create({ role: 'admin' })).body;
    const closings = await Promise.all([patch(user.id, { disabled: true }), remove(user.id)]);
    expect(closings.map(({ status }) => status)).to.include(200);
    expectProblem(await patch(adminId, { disabled: true }), 409, 'account.last_admin', 'error');
  });

  it('anonymises who is deleted, frees his name and keeps his grants and the journal', async () => {
    const { user } = (await create()).body;
    await admin.post('accounting', '/api/credits/allocate', { userId: user.id, credits: 3 });
    const client = await ApiClient.login(server.urls, user.username, PASSWORD);
    expect((await remove(user.username)).body.userId).to.equal(user.id);
    expectProblem(await client.get('auth', '/api/auth/me'), 401, 'credential.expired', 'error');
    const login = { username: user.username, password: PASSWORD };
    expectProblem(await nobody.post('auth', '/api/auth/login', login), 401, 'credential.invalid', 'error');
    expectProblem(await remove(user.id), 404, 'user.not_found', 'error');
    expectProblem(await patch(user.id, { disabled: false }), 404, 'user.not_found', 'error');
    expectProblem(await remove(user.username), 404, 'user.not_found', 'error');
    const everybody = JSON.stringify((await admin.get('auth', '/api/admin/users?limit=100')).body);
    expect(everybody).not.to.contain(user.username);
    const kept = await admin.get('accounting', `/api/credits/balance/${user.id}`);
    expect(kept.body.availableCredits).to.equal(3);
    const again = await nobody.post('auth', '/api/auth/signup', { ...login, email: user.email });
    expect(again.status).to.equal(201);
    expect(again.body.userId).not.to.equal(user.id);
    const heir = await ApiClient.login(server.urls, user.username, PASSWORD);
    const inherited = await heir.get('accounting', '/api/credits/balance');
    expect(inherited.body.availableCredits, 'a name inherits nothing').to.equal(0);
  });

  it('stops and settles the streams of who is disabled before it answers', async () => {
    const { id, chat, reader } = await streaming();
    expect((await patch(id, { disabled: true })).status).to.equal(200);
    await expectSettled(id, reader);
    expect(await reader.toEnd(), 'whose login has ended is told nothing more').to.equal(undefined);
    const { body } = await admin.get('chat', `/api/chat/users/${id}/sessions/${chat}`);
    expect(body.messages.at(-1).metadata.state).to.equal('stopped');
  });

  it('stops and settles the streams of who is deleted', async () => {
    const { id, reader } = await streaming();
    expect((await remove(id)).status).to.equal(200);
    await expectSettled(id, reader);
  });

  it('stops and settles the streams of whom the operator disables at his terminal', async () => {
    const { id, username, client, chat, reader } = await streaming();
    const { code, stderr } = await holdfast(['user', 'disable', username, '--data', server.data]);
    expect(code, stderr).to.equal(0);
    await expectSettled(id, reader);
    expect((await client.start(chat)).response.status).to.equal(401);
  });

  it('leaves the streams of others alone', async () => {
    const bystander = await streaming();
    const { id } = await streaming();
    await patch(id, { disabled: true });
    const { body: active } = await bystander.client.get('accounting', '/api/streaming-sessions/active');
    expect(active.map(({ sessionId }: { sessionId: string }) => sessionId)).to.deep.equal([
      bystander.reader.streamId,
    ]);
    const stopped = await bystander.client.stop(bystander.chat, bystander.reader.streamId);
    expect(stopped.status).to.equal(200);
    const end = await bystander.reader.toEnd();
    expect(end?.data.outputTokens).to.be.greaterThan(1);
    const balance = (await bystander.client.get('accounting', '/api/credits/balance')).body;
    expect(balance.heldCredits).to.equal(0);
  });
});
