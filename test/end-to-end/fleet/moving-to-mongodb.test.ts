import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { ApiClient } from '../../support/api-client.ts';
import { childEnvironment } from '../../support/child-environment.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { holdfast } from '../../support/holdfast-command.ts';
import { type TemporaryMongo, temporaryMongo, withDatabase } from '../../support/mongodb.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

const PASSWORD = 'a-long-word-that-nobody-guesses-7';
/** The longest time after which a migration is killed, in milliseconds: most are killed before they are done. */
const KILLED_WITHIN_MS = 2_500;
/** How often it is killed. */
const KILLS = 6;

describe('moving to MongoDB', function () {
  this.timeout(240_000);
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const keys = sharedKeys(join(folder, 'keys'));
  let mongo: TemporaryMongo;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    mongo = await temporaryMongo();
    env = { ...keys, MONGODB_URL: withDatabase(mongo.url) };
  });
  after(async () => {
    await mongo.client.db(new URL(env.MONGODB_URL ?? '').pathname.slice(1)).dropDatabase();
    await mongo.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function done(args: readonly string[], environment: NodeJS.ProcessEnv = keys): Promise<string> {
    const { code, stdout, stderr } = await holdfast([...args, '--data', data], environment);
    expect(code, `${args.join(' ')}: ${stdout}${stderr}`).to.equal(0);
    return stdout;
  }

  /** Starts the move and kills it after a while; true when it was done before. */
  async function killedMove(): Promise<boolean> {
    const child = spawn(process.execPath, ['bin/holdfast.js', 'migrate', '--data', data], {
      env: childEnvironment(env),
      stdio: 'ignore',
    });
    const gone = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), randomInt(300, KILLED_WITHIN_MS));
    const [code] = await gone;
    clearTimeout(timer);
    return code === 0;
  }

  it('takes logins, keys, chats, balances and receipts along, through kills at any moment', async () => {
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
    let server = await RunningServer.start(['--model-pace', '200'], data, keys);
    try {
      await done(['user', 'create', 'ann', 'ann@example.org', '--password-file', passwordFile]);
      await done(['credits', 'grant', 'ann', '50']);
      const key = (
        await done(['keys', 'create', '--user', 'ann', '--name', 'talk', '--scope', 'chat'])
      ).trim();
      const { body: login } = await new ApiClient(server.urls).post('auth', '/api/auth/login', {
        username: 'ann',
        password: PASSWORD,
      });
      const ann = new ApiClient(server.urls, login.accessToken);
      const chat = await ann.createChat();
      const answer = await ann.start(chat, 'What is a hold?');
      const end = await answer.toEnd();
      const served = await holdfast(['migrate', '--data', data], env);
      expect([served.code, served.stdout], served.stderr).to.deep.equal([3, '']);
      expect(served.stderr).to.contain('Another Holdfast server is running');
      // Killed in the middle of it, so that what it holds is moved.
      const other = await ann.start(await ann.createChat(), 'What is a receipt?');
      await other.until(({ events }) => events.length > 5);
      await server.end('SIGKILL');

      for (let kill = 0; kill < KILLS && !(await killedMove()); kill += 1) await pause(10);
      const moved = JSON.parse(await done(['migrate', '--json'], env));
      expect(moved).to.have.property('ok', true);
      for (const environment of [keys, env]) {
        expect(JSON.parse(await done(['doctor', '--json'], environment)), 'both ends are sound').to.include({
          ok: true,
        });
      }
      const mistaken = await holdfast(['serve', '--data', data], keys);
      expect([mistaken.code, mistaken.stdout]).to.deep.equal([2, '']);
      expect(mistaken.stderr).to.contain('has moved to mongodb://').and.contain('--take-back');

      const books = JSON.parse(await done(['credits', 'show', 'ann', '--json'], env));
      const left = books.availableCredits + books.heldCredits + end?.data.creditsCharged;
      expect(left, 'every credit is somewhere').to.be.closeTo(50, 1e-9);
      server = await RunningServer.start(['--model-pace', '0'], join(folder, 'node'), env);
      const back = new ApiClient(server.urls, login.accessToken);
      const me = await back.get('auth', '/api/auth/me');
      expect([me.status, me.body.username], 'the access token').to.deep.equal([200, 'ann']);
      const { refreshToken } = login;
      expect((await back.post('auth', '/api/auth/refresh', { refreshToken })).status, 'the refresh').to.equal(
        200,
      );
      expect((await new ApiClient(server.urls, key).get('auth', '/api/auth/me')).status, 'the key').to.equal(
        200,
      );
      await ApiClient.login(server.urls, 'ann', PASSWORD);
      const again = await back.resume(chat, 0);
      await again.toEnd();
      expect(again.text, 'the whole answer from its log').to.equal(answer.text);
      const update = await back.update(chat, answer.streamId, answer.text);
      expect(update.status, JSON.stringify(update.body)).to.equal(200);
      const more = await back.start(chat, 'What is a grant?');
      expect((await more.toEnd())?.type, 'another question is answered').to.equal('done');
      expect(JSON.parse(await done(['doctor', '--json'], env))).to.include({ ok: true });
    } finally {
      await server.dispose();
    }
  });
});
