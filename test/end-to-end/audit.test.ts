import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { childEnvironment } from '../support/child-environment.ts';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { expectProblem } from '../support/problems.ts';
import { RunningServer } from '../support/running-server.ts';
import { breakStorage, mendStorage } from '../support/storage-faults.ts';
import { auditRows } from '../support/tampered-store.ts';

const PASSWORD = 'quartz lantern meadow';

interface Shown {
  readonly cursor: number;
  readonly act: string;
  readonly outcome: string;
  readonly actor?: string;
  readonly object?: string;
  readonly requestId?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** The whole log, page by page over HTTP. */
async function readAll(
  client: ApiClient,
  service: 'auth' | 'accounting' | 'chat' = 'chat',
): Promise<Shown[]> {
  const records: Shown[] = [];
  for (let after = 0; ; ) {
    const { status, body } = await client.get(service, `/api/audit?after=${after}&limit=7`);
    expect(status).to.equal(200);
    records.push(...body.records);
    after = body.nextCursor;
    if (!body.hasMore) return records;
  }
}

describe('the audit log, as those meet it who answer for a server', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  let adminId: string;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '0']);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    adminId = (await admin.get('auth', '/api/auth/me')).body.id;
  });
  after(() => server.dispose());

  const create = (username: string): ReturnType<ApiClient['post']> =>
    admin.post('auth', '/api/admin/users', {
      username,
      email: `${username}@example.org`,
      password: PASSWORD,
    });

  it('has one record for each act, with who, what, whom, how it ended and by which request', async () => {
    const { body: made, headers } = await create('ann-audited');
    const id = made.user.id as string;
    await admin.send('auth', 'PATCH', `/api/admin/users/${id}`, JSON.stringify({ role: 'supervisor' }));
    await admin.post('accounting', '/api/credits/allocate', { userId: id, credits: 5 });
    await admin.post('accounting', '/api/credits/remove', { userId: id, credits: 2 });
    const ann = await ApiClient.login(server.urls, 'ann-audited', PASSWORD);
    const chat = await ann.createChat();
    await ann.update(chat, 'stream-1-forged', 'text');
    await ann.send('chat', 'DELETE', `/api/chat/sessions/${chat}`, undefined);
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const userId = (await user.get('auth', '/api/auth/me')).body.id;
    await ann.get('chat', `/api/chat/users/${userId}/sessions`);
    await ann.post('auth', '/api/auth/logout-all', {});
    await admin.send('auth', 'PATCH', `/api/admin/users/${id}`, JSON.stringify({ disabled: true }));
    await admin.send('auth', 'DELETE', `/api/admin/users/${id}`, undefined);
    await eventually(async () => {
      const records = (await readAll(admin)).filter(({ actor, object }) => [actor, object].includes(id));
      const told = records.map(
        ({ act, outcome, actor }) => `${act} ${outcome} ${actor === id ? 'herself' : ''}`,
      );
      expect(told.map((line) => line.trim())).to.have.members([
        'user.created done',
        'user.role_changed done',
        'credit.allocate done',
        'credit.adjust done',
        'login.begun done herself',
        'stream.id_refused refused herself',
        'chat.deleted done herself',
        'chat.read_any done herself',
        'login.ended done herself',
        'login.ended_everywhere done herself',
        'user.disabled done',
        'user.deleted done',
      ]);
      const [created] = records;
      expect(created).to.include({ actor: adminId, requestId: headers.get('x-request-id') });
      expect(created?.facts).to.deep.equal({ role: 'user' });
      const moved = records.find(({ act }) => act === 'credit.adjust');
      expect(moved?.facts).to.include({ previousMicros: 5_000_000, newMicros: 3_000_000 });
    });
  });

  it('is read by admins alone, and its heads with it', async () => {
    const { body } = await admin.get('auth', '/api/audit?limit=1');
    expect(body.records).to.have.length(1);
    expect(body.heads[0]).to.match(/^[0-9a-f-]{36}\.\d+\.[0-9a-f]{64}$/);
    for (const [username, password] of [
      ['user1', 'User1@123'],
      ['supervisor1', 'Supervisor1@'],
    ] as const) {
      const client = await ApiClient.login(server.urls, username, password);
      expectProblem(await client.get('chat', '/api/audit'), 403, 'permission.denied');
    }
    expectProblem(await new ApiClient(server.urls).get('chat', '/api/audit'), 401, 'credential.missing');
    expectProblem(await admin.get('chat', '/api/audit?after=-1'), 400, 'request.invalid');
  });

  it('has no password, no token and no text in it, and neither has the log', async () => {
    const secret = 'hunter2-never-in-a-log';
    const wrong = { username: 'user1', password: secret };
    await new ApiClient(server.urls).post('auth', '/api/auth/login', wrong);
    await new ApiClient(server.urls).post('auth', '/api/auth/refresh', { refreshToken: secret });
    await new ApiClient(server.urls).post('auth', '/api/auth/login', {
      username: secret,
      password: 'x'.repeat(9),
    });
    await eventually(async () => {
      const refused = (await readAll(admin)).filter(({ act }) => act === 'login.refreshed');
      expect(refused[0]?.actor).to.equal('address:127.0.0.1');
    });
    const everything = JSON.stringify(auditRows(server.data)) + server.output;
    for (const hidden of [secret, PASSWORD, admin.token, 'User1@123 '])
      expect(everything).not.to.contain(hidden);
  });

  it('bounds what a flood of refusals writes, and counts the rest', async () => {
    const before = auditRows(server.data).length;
    const nobody = new ApiClient(server.urls);
    const wave = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 50 }, () =>
          nobody.post('auth', '/api/auth/refresh', { refreshToken: 'nonsense' }),
        ),
      );
    for (let round = 0; round < 6; round += 1) await wave();
    await create('flood-is-over');
    const since = auditRows(server.data).slice(before);
    // Two minutes may be touched, each with ten records and one that counts.
    expect(since.filter(({ record }) => record.includes('login.refreshed')).length).to.be.within(0, 20);
    await server.end('SIGTERM');
    const counted = auditRows(server.data)
      .filter(({ record }) => record.includes('audit.refusals_counted'))
      .reduce((sum, { record }) => sum + (JSON.parse(record).facts.count as number), 0);
    expect(counted).to.be.within(300 - 20, 310);
    const doctor = await holdfast(['doctor', '--data', server.data]);
    expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
    server = await RunningServer.start(['--demo', '--model-pace', '0'], server.data);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
  });

  it('is shown by the command, also while the server writes, until Ctrl-C', async () => {
    const { code, stdout } = await holdfast(['audit', '--data', server.data, '--json']);
    expect(code).to.equal(0);
    const shown = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Shown);
    expect(shown.map(({ cursor }) => cursor)).to.deep.equal(
      auditRows(server.data).map(({ cursor }) => cursor),
    );
    const after = String(shown.at(-1)?.cursor);
    const words = ['audit', '--data', server.data, '--follow', '--after', after];
    const follow = spawn(process.execPath, ['bin/holdfast.js', ...words], { env: childEnvironment() });
    try {
      const ended = new Promise((resolve) => follow.once('exit', resolve));
      const lines = createInterface(follow.stdout)[Symbol.asyncIterator]();
      await create('seen-by-follow');
      const { value } = await lines.next();
      expect(value).to.match(/^\d+ {2}\d{4}-\d\d-\d\dT[\d:.]+Z {2}done {5}user\.created {2}u_/);
      follow.kill('SIGINT');
      expect(await ended).to.equal(130);
    } finally {
      follow.kill('SIGKILL');
    }
    expect((await holdfast(['audit', '--data', '/nowhere'])).code).to.equal(3);
    expect((await holdfast(['audit', '--after', 'x'])).code).to.equal(2);
  });

  it('has its key in a file of its owner alone', () => {
    const path = join(server.data, 'audit-key');
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readFileSync(path, 'utf8')).to.match(/^[A-Za-z0-9_-]{43}\n$/);
  });

  it('lets nothing be done that it cannot record', async () => {
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const { body: me } = await user.get('auth', '/api/auth/me');
    const chat = await user.createChat();
    const before = auditRows(server.data).length;
    breakStorage(server.pid);
    await eventually(async () => {
      const read = await admin.get('chat', `/api/chat/users/${me.id}/sessions`);
      expect([read.status, read.body.sessions]).to.deep.equal([503, undefined]);
    });
    expect((await create('never-made')).status).to.equal(503);
    const role = JSON.stringify({ role: 'supervisor' });
    expect((await admin.send('auth', 'PATCH', `/api/admin/users/${me.id}`, role)).status).to.equal(503);
    const removed = await user.send('chat', 'DELETE', `/api/chat/sessions/${chat}`, undefined);
    expect(removed.status).to.equal(503);
    mendStorage(server.pid);
    await eventually(async () => expect((await user.get('chat', '/health/ready')).status).to.equal(200));
    expect((await user.get('auth', '/api/auth/me')).body.role).to.equal('user');
    expect((await user.get('chat', `/api/chat/sessions/${chat}`)).status).to.equal(200);
    const users = JSON.stringify((await admin.get('auth', '/api/admin/users')).body);
    expect(users).not.to.contain('never-made');
    const since = auditRows(server.data)
      .slice(before)
      .map(({ record }) => JSON.parse(record).act);
    expect(since).to.deep.equal([]);
    expect((await create('made-after-all')).status).to.equal(201);
    const doctor = await holdfast(['doctor', '--data', server.data]);
    expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
  });
});
