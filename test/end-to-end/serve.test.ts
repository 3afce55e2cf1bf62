import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { childEnvironment } from '../support/child-environment.ts';
import { eventually } from '../support/eventually.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function holdfast(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['bin/holdfast.js', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment(env),
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => {
      said.stdout += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      said.stderr += text.toString();
    });
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

/** What a server has printed, once it has printed this. */
const printed = (server: RunningServer, text: string): Promise<{ readonly output: string }> =>
  eventually(async () => {
    const { output } = server;
    expect(output).to.contain(text);
    return { output };
  });

describe('the command holdfast', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const wrong: ReadonlyArray<[string, readonly string[], RegExp]> = [
    ['an unknown flag', ['serve', '--chat-prot', '1'], /Did you mean --chat-port\?/],
    ['an unknown command', ['chta'], /Did you mean chat\?/],
    ['a wrong value', ['serve', '--drain-grace', 'soon'], /--drain-grace must be a duration/],
    ['demo accounts beyond this machine', ['serve', '--demo', '--host', '0.0.0.0'], /loopback --host/],
    ['an operand too many', ['serve', 'everything'], /too many arguments/],
    ['no command', [], /Usage: holdfast/],
  ];
  for (const [what, args, sentence] of wrong) {
    it(`ends with 2 for ${what} and says what would be right`, async () => {
      const { code, stdout, stderr } = await holdfast(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.match(sentence);
    });
  }

  for (const command of [
    'serve',
    'chat',
    'verify',
    'doctor',
    'user',
    'keys',
    'credits',
    'reviews',
    'classify',
    'check-config',
  ]) {
    it(`shows help with an example for ${command}`, async () => {
      const { code, stdout } = await holdfast([command, '--help']);
      expect(code).to.equal(0);
      expect(stdout).to.match(/Examples?:\n +\$ holdfast /);
    });
  }

  it('tells its version', async () => {
    expect(await holdfast(['--version'])).to.include({ code: 0, stdout: '0.1.0\n' });
  });

  it('lets the threads of its store take what was compiled before, as it does itself', async () => {
    const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE', NODE_COMPILE_CACHE: undefined };
    const { stderr } = await holdfast(['user', 'list', '--data', join(folder, 'cached')], env);
    expect(stderr).to.match(/reading cache from .* for ESM \S+\/cli\.ts/);
    expect(stderr).to.match(/reading cache from .* for ESM \S+\/writer-worker\.ts/);
  });

  it('checks a configuration file and names its mistakes', async () => {
    const path = join(folder, 'holdfast.yaml');
    writeFileSync(path, 'chatPort: 4000\n');
    const right = await holdfast(['check-config', '--config', path, '--json']);
    expect(right.code).to.equal(0);
    expect(JSON.parse(right.stdout)).to.include({ chatPort: 4000 });
    writeFileSync(path, 'chatProt: 4000\n');
    const mistaken = await holdfast(['check-config', '--config', path]);
    expect(mistaken.code).to.equal(2);
    expect(mistaken.stderr).to.contain('Did you mean chatPort?');
  });

  it('names the flag when a port is in use, and leaves nothing locked', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const address = busy.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const args = ['serve', '--data', join(folder, 'data'), '--auth-port', '0', '--accounting-port', '0'];
    const { code, stderr } = await holdfast([...args, '--chat-port', String(port)]);
    busy.close();
    expect(code).to.equal(2);
    expect(stderr).to.contain(`Port ${port} for chat is in use; choose another with --chat-port`);
    const listed = await holdfast(['user', 'list', '--data', join(folder, 'data'), '--json']);
    expect(listed.code).to.equal(0);
    // An admin made before the ports are had would have a password that nobody was told.
    expect(listed.stdout).to.not.contain('admin');
  });

  it('refuses a data folder that others can read', async () => {
    mkdirSync(join(folder, 'open'), { mode: 0o755 });
    const { code, stderr } = await holdfast(['serve', '--data', join(folder, 'open')]);
    expect(code).to.equal(2);
    expect(stderr).to.contain('chmod 700');
  });
});

describe('a server of one process', () => {
  let server: RunningServer | undefined;
  afterEach(async () => {
    await server?.dispose();
    server = undefined;
  });

  const logIn = async (url: string, username: string, password: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}/api/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    return (await answer.json()) as Record<string, unknown>;
  };

  it('keeps files and socket to its owner and tells the accounts to its console', async () => {
    server = await RunningServer.start();
    for (const [name, mode] of [
      ['', 0o700],
      ['holdfast.db', 0o600],
      ['service-key', 0o600],
      ['operator.sock', 0o600],
    ] as const) {
      expect(statSync(join(server.data, name)).mode & 0o777, name).to.equal(mode);
    }
    const { output } = await printed(server, 'npx holdfast chat');
    expect(output).to.contain('user1       User1@123');
  });

  it('refuses a second server on its folder, and lets the operator work through the first', async () => {
    server = await RunningServer.start();
    const second = await holdfast(['serve', '--data', server.data]);
    expect(second.code).to.equal(3);
    expect(second.stderr).to.contain('Another Holdfast server is running');
    const disabled = await holdfast(['user', 'disable', 'user1', '--data', server.data, '--json']);
    expect(disabled.code).to.equal(0);
    expect(JSON.parse(disabled.stdout)).to.include({ username: 'user1', disabled: true });
    expect(await logIn(server.urls.chat, 'user1', 'User1@123')).to.not.have.property('accessToken');
    const lastAdmin = await holdfast(['user', 'role', 'admin', 'user', '--data', server.data]);
    expect(lastAdmin).to.include({ code: 1 });
    expect(lastAdmin.stderr).to.contain('last admin');
  });

  it('shows the first admin a password once, which opens nothing but its own change', async () => {
    server = await RunningServer.start([]);
    const { output } = await printed(server, 'npx holdfast chat');
    expect(output).to.contain(`npx holdfast user password admin --data ${server.data}`);
    const password = / {2}admin {7}(\S{24})\n/.exec(output)?.[1] ?? '';
    const login = await logIn(server.urls.chat, 'admin', password);
    expect(login.accessToken).to.be.a('string');
    const answer = await fetch(`${server.urls.chat}/api/admin/users`, {
      headers: { Authorization: `Bearer ${login.accessToken}` },
    });
    expect(answer.status).to.equal(403);
    const { data } = server;
    await server.end();
    server = await RunningServer.start([], data);
    const { output: again } = await printed(server, 'npx holdfast chat');
    expect(again).to.not.contain(password).and.not.contain('first account');
  });

  it('keeps the routes between services to their own ports', async () => {
    server = await RunningServer.start();
    const ask = (url: string, path: string): Promise<Response> =>
      fetch(`${url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    expect((await ask(server.urls.chat, '/api/streaming-sessions/initialize')).status).to.equal(404);
    expect((await ask(server.urls.accounting, '/api/streaming-sessions/initialize')).status).to.equal(401);
    expect((await ask(server.urls.chat, '/internal/principals/resolve')).status).to.equal(404);
    expect((await ask(server.urls.auth, '/internal/principals/resolve')).status).to.equal(401);
  });

  it('gives running streams an honest end when it is told to stop, and ends with 0', async () => {
    server = await RunningServer.start(['--demo', '--drain-grace', '0', '--model-pace', '5']);
    const login = await logIn(server.urls.chat, 'user1', 'User1@123');
    const headers = { Authorization: `Bearer ${login.accessToken}`, 'Content-Type': 'application/json' };
    const post = (path: string, body: unknown): Promise<Response> =>
      fetch(`${server?.urls.chat}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const chat = (await (await post('/api/chat/sessions', {})).json()) as { sessionId: string };
    const stream = await post(`/api/chat/sessions/${chat.sessionId}/stream`, { message: 'What is a hold?' });
    const reading = stream.text();
    expect(await server.end('SIGTERM')).to.equal(0);
    expect(await reading).to.match(/event: error\ndata: .*"code":"stream.interrupted"/);
    expect((await holdfast(['doctor', '--data', server.data])).code).to.equal(0);
  });

  it('ends with 130 when its user interrupts it', async () => {
    server = await RunningServer.start();
    expect(await server.end('SIGINT')).to.equal(130);
  });
});
