import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { MuxClient } from '../support/mux-client.ts';
import { RunningServer } from '../support/running-server.ts';

/** Connections of one principal unless the operator says otherwise. */
const MOST = 20;

describe('the multiplexed connections of one principal', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  const clients: MuxClient[] = [];

  before(async () => {
    server = await RunningServer.start(['--demo', '--websocket-multiplexing-echo']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(() => server.dispose());
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      client.socket.terminate();
      await client.closed;
    }
  });

  /** What becomes of an attempt: `open`, or how it was refused. */
  const attempt = async (token = user.token): Promise<string> => {
    try {
      clients.push(await MuxClient.connect(server.urls.chat, token));
      return 'open';
    } catch (error) {
      return /\b\d{3}\b/.exec((error as Error).message)?.[0] ?? String(error);
    }
  };

  it(`are ${MOST} by default: one more is 429, also by another login of his, until one has gone`, async () => {
    for (let count = 1; count <= MOST; count += 1) expect(await attempt(), `${count}`).to.equal('open');
    const login = await ApiClient.login(server.urls, 'user1', 'User1@123');
    expect([await attempt(), await attempt(login.token)]).to.deep.equal(['429', '429']);
    const stranger = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    expect(await attempt(stranger.token)).to.equal('open');
    clients[0]?.socket.terminate();
    await eventually(async () => expect(await attempt(login.token)).to.equal('open'));
    expect(await attempt()).to.equal('429');
  });

  it(`are ${MOST} as well when all come at once: the others are refused at the upgrade, and none is closed`, async () => {
    await eventually(async () => expect(await attempt()).to.equal('open'));
    const outcomes = await Promise.all(Array.from({ length: 3 * MOST }, () => attempt()));
    expect(outcomes.filter((outcome) => outcome !== 'open')).to.deep.equal(
      new Array(2 * MOST + 1).fill('429'),
    );
    expect(clients).to.have.length(MOST);
    const sessions = await Promise.all(clients.map((client) => client.open('echo')));
    expect(sessions).to.have.length(MOST);
  });
});
