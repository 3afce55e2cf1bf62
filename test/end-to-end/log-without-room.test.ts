import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

/** Runs a command whose stderr lies on a disk that is full for ever. */
const WITHOUT_ROOM = ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'];

describe('a log that cannot be written', function () {
  this.timeout(60_000);
  let server: RunningServer;
  after(() => server.dispose());

  it('costs its lines and nothing else: the server answers, and ends when it is told to', async () => {
    const flags = ['--demo', '--log-format', 'json', '--log-level', 'debug'];
    server = await RunningServer.start(flags, undefined, {}, WITHOUT_ROOM);
    for (let round = 0; round < 3; round += 1) {
      const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
      expect((await user.get('auth', '/api/auth/me')).status).to.equal(200);
      expect((await fetch(`${server.urls.chat}/nowhere`)).status).to.equal(404);
    }
    expect(await server.end('SIGTERM')).to.equal(0);
  });
});
