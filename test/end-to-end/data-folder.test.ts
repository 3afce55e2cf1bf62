import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { type CommandOutcome, holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORD = 'a long enough password';
const OTHER_PASSWORD = 'another password, as long';

/** Whether this name and password open a login. */
async function opens(server: RunningServer, username: string, password: string): Promise<boolean> {
  const { status } = await new ApiClient(server.urls).post('auth', '/api/auth/login', { username, password });
  expect(status).to.be.oneOf([200, 401, 403]);
  return status === 200;
}

describe('a data folder', function () {
  this.timeout(60_000);
  let server: RunningServer;
  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '20']);
  });
  after(() => server.dispose());

  const user = (act: string, ...words: string[]): Promise<CommandOutcome> =>
    holdfast(['user', act, ...words, '--data', server.data, '--json'], { HOLDFAST_PASSWORD: PASSWORD });

  it('is owned by one server at a time: a second one is told so in one sentence, and the first does not notice', async () => {
    const client = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const chat = await client.createChat();
    const reader = await client.start(chat);
    await reader.until(({ text }) => text.length > 0);
    const second = await holdfast(['serve', '--data', server.data, '--chat-port', '0']);
    expect([second.code, second.stdout]).to.deep.equal([3, '']);
    expect(second.stderr).to.equal(
      `holdfast: Another Holdfast server is running on the data folder ${server.data}.\n`,
    );
    const before = reader.text.length;
    expect(await reader.until(({ text }) => text.length > before)).to.equal(true);
    await client.stop(chat, reader.streamId);
    expect((await reader.toEnd())?.type).to.equal('done');
  });

  it('can be examined beside its server, also while streams run', async () => {
    const client = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const chat = await client.createChat();
    const reader = await client.start(chat);
    for (let examined = 0; examined < 3; examined += 1) {
      const { code, stdout } = await holdfast(['doctor', '--data', server.data, '--json']);
      expect(code, stdout).to.equal(0);
    }
    await client.stop(chat, reader.streamId);
    expect((await reader.toEnd())?.type).to.equal('done');
  });

  it('is free at once when its server was killed', async () => {
    for (let killed = 0; killed < 3; killed += 1) {
      await server.end('SIGKILL');
      server = await RunningServer.start(['--demo', '--model-pace', '20'], server.data);
    }
    expect(await opens(server, 'user1', 'User1@123')).to.equal(true);
  });

  const acts = (
    how: string,
    logIns: (name: string, ...passwords: string[]) => Promise<readonly boolean[]>,
  ): void => {
    it(`lets the operator make, promote, renew and disable accounts ${how}`, async () => {
      const name = how.startsWith('beside') ? 'beside' : 'alone';
      const created = await user('create', name, `${name}@example.org`);
      expect(created.code, created.stderr).to.equal(0);
      expect(JSON.parse(created.stdout)).to.include({ username: name, role: 'user' });
      const again = await user('create', name, `${name}2@example.org`);
      expect([again.code, again.stdout]).to.deep.equal([1, '']);
      expect(JSON.parse((await user('role', name, 'supervisor')).stdout)).to.include({ role: 'supervisor' });
      const file = join(server.data, 'password');
      writeFileSync(file, `${OTHER_PASSWORD}\n`, { mode: 0o600 });
      const renewed = await user('password', name, '--password-file', file);
      expect(renewed.code, renewed.stderr).to.equal(0);
      expect(await logIns(name, PASSWORD, OTHER_PASSWORD)).to.deep.equal([false, true]);
      expect(JSON.parse((await user('disable', name)).stdout)).to.include({ disabled: true });
      expect(await logIns(name, OTHER_PASSWORD)).to.deep.equal([false]);
      expect((await user('disable', 'nobody')).code).to.equal(1);
      const listed = JSON.parse((await user('list', name)).stdout);
      expect(JSON.stringify(listed)).to.contain(`"${name}"`).and.not.contain(PASSWORD);
    });
  };

  const tryAll = (name: string, passwords: readonly string[]): Promise<boolean[]> =>
    Promise.all(passwords.map((password) => opens(server, name, password)));

  acts('beside its server', (name, ...passwords) => tryAll(name, passwords));

  describe('without a server', () => {
    before(async () => {
      expect(await server.end('SIGTERM')).to.equal(0);
    });

    acts('while no server runs', async (name, ...passwords) => {
      server = await RunningServer.start(['--demo'], server.data);
      const opened = await tryAll(name, passwords);
      await server.end('SIGTERM');
      return opened;
    });

    it('can be examined, and is not there when it is not', async () => {
      const here = await holdfast(['doctor', '--data', server.data]);
      expect(here.code, here.stdout).to.equal(0);
      const nowhere = await holdfast(['doctor', '--data', join(server.data, 'nowhere')]);
      expect(nowhere.code).to.equal(3);
      expect(nowhere.stderr).to.contain('There is no Holdfast store');
    });
  });
});
