import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { RunningServer } from '../support/running-server.ts';

const CLIENT = fileURLToPath(new URL('../support/programs/refresh-when-told.ts', import.meta.url));
/** Logins whose token two processes use in the same moment. */
const RACES = 20;

interface Told {
  readonly status: number;
  readonly refreshToken?: string;
  readonly code?: string;
}

describe('two processes that race with one refresh token', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let clients: ChildProcess[];

  before(async () => {
    server = await RunningServer.start(['--demo']);
    clients = [fork(CLIENT, [server.urls.auth]), fork(CLIENT, [server.urls.auth])];
    await Promise.all(clients.map((client) => once(client, 'message')));
  });
  after(async () => {
    for (const client of clients) client.kill();
    await server.dispose();
  });

  const post = async (path: string, body: object): Promise<Told> => {
    const answer = await fetch(server.urls.auth + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  };

  it('win it for one of them at most, and lose the login for both', async () => {
    for (let race = 0; race < RACES; race += 1) {
      const login = await post('/api/auth/login', { username: 'user1', password: 'User1@123' });
      const told = clients.map(async (client) => (await once(client, 'message'))[0] as Told);
      for (const client of clients) client.send(login.refreshToken ?? '');
      const answers = await Promise.all(told);
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 401]);
      const won = answers.find(({ status }) => status === 200)?.refreshToken;
      expect(answers.find(({ status }) => status === 401)?.code).to.equal('credential.reused');
      expect((await post('/api/auth/refresh', { refreshToken: won })).status).to.equal(401);
    }
  });
});
