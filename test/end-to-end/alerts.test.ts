import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { MuxClient } from '../support/mux-client.ts';
import { RunningServer } from '../support/running-server.ts';

interface ShownAlert {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly principal: string;
  readonly count: number;
  readonly detail: string;
}
interface ShownPage {
  readonly alerts: readonly ShownAlert[];
  readonly next: number;
}

const FLAGS = ['--demo', '--websocket-multiplexing-echo'];

describe('alerts of a running server', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  before(async () => {
    server = await RunningServer.start(FLAGS);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
  });
  after(() => server.dispose());

  const page = async (after = 0): Promise<ShownPage> =>
    (await admin.get('chat', `/api/ops/alerts?after=${after}`)).body as ShownPage;

  it('tell admins who tries to take another’s session, count what repeats, and go on from a cursor', async () => {
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const thief = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    const mine = await MuxClient.connect(server.urls.chat, user.token);
    const { sessionId, resumeToken } = await mine.open('echo');
    const theirs = await MuxClient.connect(server.urls.chat, thief.token);
    const resume = { sessionId, token: resumeToken, offset: 0 };
    expect((await theirs.ask('echo', { resume })).json.code).to.equal('session.owned_by_other');
    const { id: thiefId } = (await thief.get('auth', '/api/auth/me')).body as { readonly id: string };
    const first = await eventually(async () => {
      const { alerts, next } = await page();
      expect(alerts.map(({ kind, principal, count }) => ({ kind, principal, count }))).to.deep.equal([
        { kind: 'takeover.refused', principal: `user:${thiefId}`, count: 1 },
      ]);
      expect(alerts[0]?.detail).to.contain(sessionId).and.not.contain(resumeToken);
      return { next, id: alerts[0]?.id };
    });
    expect((await page(first.next)).alerts).to.deep.equal([]);
    expect((await thief.get('chat', '/api/ops/alerts')).status).to.equal(403);
    await theirs.ask('echo', { resume });
    await server.end('SIGTERM');
    for (const client of [mine, theirs]) client.socket.terminate();
    server = await RunningServer.start(FLAGS, server.data);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const { alerts } = await page(first.next);
    expect(
      alerts.map(({ id, count }) => ({ id, count })),
      'the same one, counted on',
    ).to.deep.equal([{ id: first.id, count: 2 }]);
  });
});
