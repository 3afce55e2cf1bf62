import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';

type Headers = Readonly<Record<string, string>>;

const PASSWORD = 'a long enough password';

const logIn = async (
  server: RunningServer,
  [username, password]: readonly [string, string],
  headers: Headers = {},
): Promise<{ readonly status: number; readonly headers: globalThis.Headers; readonly code: unknown }> => {
  const answer = await fetch(`${server.urls.chat}/api/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ username, password }),
  });
  const body = (await answer.json()) as { code?: string; error?: string };
  return { status: answer.status, headers: answer.headers, code: body.code };
};

describe('a server that is open to nobody else', function () {
  this.timeout(60_000);
  let server: RunningServer | undefined;
  afterEach(async () => {
    await server?.dispose();
    server = undefined;
  });

  it('keeps every file and socket of its folder to its owner, whatever mask it is started under', async () => {
    const careless = ['sh', '-c', 'umask 0; exec "$@"', 'sh'];
    server = await RunningServer.start(['--demo'], undefined, {}, careless);
    const { data } = server;
    const names = readdirSync(data, { recursive: true }) as string[];
    expect(names).to.include.members(['holdfast.db', 'lock.db', 'operator.sock', 'service-key']);
    for (const name of names) expect(lstatSync(join(data, name)).mode & 0o077, name).to.equal(0);
  });

  it('tells the first password once, on the console alone, and how to change it', async () => {
    server = await RunningServer.start(['--log-level', 'debug']);
    const { output } = await eventually(async () => {
      expect(server?.output).to.contain('npx holdfast chat');
      return { output: server?.output ?? '' };
    });
    const password = / {2}admin {7}(\S{24})\n/.exec(output)?.[1] ?? '';
    expect(output).to.contain(`npx holdfast user password admin --data ${server.data}`);
    expect((await logIn(server, ['admin', password])).status).to.equal(200);
    expect((await logIn(server, ['admin', `${password}x`])).status).to.equal(401);
    expect(server.output.split(password)).to.have.length(2);
    expect(JSON.stringify(server.urls)).to.not.contain(password);
  });

  it('opens everything to the first admin once his password has been changed, as it said', async () => {
    server = await RunningServer.start([]);
    await eventually(async () => expect(server?.output).to.contain('npx holdfast chat'));
    const password = / {2}admin {7}(\S{24})\n/.exec(server.output)?.[1] ?? '';
    const changed = await holdfast(['user', 'password', 'admin', '--data', server.data], {
      HOLDFAST_PASSWORD: PASSWORD,
    });
    expect(changed.code, changed.stderr).to.equal(0);
    expect((await logIn(server, ['admin', password])).status).to.equal(401);
    const answer = await fetch(`${server.urls.chat}/api/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: PASSWORD }),
    });
    const login = (await answer.json()) as { mustChangePassword: boolean; accessToken: string };
    expect(login.mustChangePassword).to.equal(false);
    const users = await fetch(`${server.urls.chat}/api/admin/users`, {
      headers: { Authorization: `Bearer ${login.accessToken}` },
    });
    expect(users.status).to.equal(200);
  });

  it('lets demo accounts in from this machine only, and not through anything that forwards', async () => {
    server = await RunningServer.start(['--demo']);
    const user = ['user1', 'User1@123'] as const;
    expect((await logIn(server, user)).status).to.equal(200);
    for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP', 'X-Forwarded-Proto']) {
      const { status, code } = await logIn(server, user, { [header]: '127.0.0.1' });
      expect([status, code], header).to.deep.equal([403, 'permission.denied']);
    }
  });

  it('takes a login behind a declared proxy only when that was asked by https', async () => {
    const flags = ['--trusted-proxy', '127.0.0.1', '--public-url', 'https://chat.example.org'];
    server = await RunningServer.start(flags);
    const made = await holdfast(['user', 'create', 'ann', 'ann@example.org', '--data', server.data], {
      HOLDFAST_PASSWORD: PASSWORD,
    });
    expect(made.code, made.stderr).to.equal(0);
    const ann = ['ann', PASSWORD] as const;
    for (const proto of ['http', 'https, http', 'http,https', 'HTTP']) {
      const { status, code } = await logIn(server, ann, { 'X-Forwarded-Proto': proto });
      expect([status, code], proto).to.deep.equal([403, 'request.in_the_clear']);
    }
    const taken = await logIn(server, ann, { 'X-Forwarded-Proto': 'https' });
    expect(taken.status).to.equal(200);
    expect(taken.headers.get('strict-transport-security')).to.match(/^max-age=/);
  });
});
