import { expect } from 'chai';
import { AgentClient, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient, EventReader } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { holdfast } from '../../support/holdfast-command.ts';
import { RunningServer } from '../../support/running-server.ts';
import { TerminalSession } from '../../support/terminal-session.ts';

const FLAGS = ['--demo', '--model-pace', '0'];
const HITL = { mode: 'hitl', m0: false, m2: false, m3: true, m4: true, failClosedOnClassifierError: false };

describe('what an agent asks a person', function () {
  this.timeout(90_000);
  let server: RunningServer;
  let admin: ApiClient;
  let key: string;

  /** A server whose agents ask, and an agent's key. */
  async function start(...flags: string[]): Promise<void> {
    server = await RunningServer.start([...FLAGS, ...flags]);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const draft = { name: 'builder', scopes: ['control'], agent: 'builder', password: 'admin@admin' };
    key = (await admin.post('auth', '/api/keys', draft)).body.key;
    const changed = await admin.send('chat', 'PUT', '/api/settings/policy', JSON.stringify(HITL));
    expect(changed.status).to.equal(200);
  }
  afterEach(() => server?.dispose());

  const agentAsks = async (eventId: string): Promise<AgentClient> => {
    const agent = await AgentClient.login(server.urls.chat, key, 'sess-1');
    agent.event(eventId, DANGEROUS);
    return agent;
  };
  /** The review that an event has asked for, once it is there. */
  const reviewOf = (eventId: string): Promise<{ readonly id: string; readonly status: string }> =>
    eventually(async () => {
      const { reviews } = (await admin.get('chat', '/api/reviews')).body;
      const found = reviews.find((review: { eventId: string }) => review.eventId === eventId);
      expect(found, `a review of ${eventId}`).to.not.equal(undefined);
      return found;
    });
  const verdictWords = ({ hitl, madCode }: { hitl?: { continueExecution?: boolean }; madCode: string }) => ({
    goesOn: hitl?.continueExecution === true,
    halts: hitl !== undefined && hitl.continueExecution !== true && /^M[34]/.test(madCode),
  });

  it('is decided by a key in the terminal, and the agent hears of it at once', async () => {
    await start();
    const watch = TerminalSession.onTerminal(['reviews', 'watch', '--url', server.urls.chat]);
    await watch.until(({ stdout }) => stdout.includes('waiting for what agents ask'));
    const agent = await agentAsks('evt-1');
    await watch.until(({ stdout }) => stdout.includes('rm -rf / --no-preserve-root'));
    // A key that comes at once is taken for one that was meant for something else.
    await eventually(async () => {
      watch.type('a');
      expect(watch.stdout).to.match(/rev-\S+: approved]/);
    });
    expect(verdictWords(await agent.verdict('evt-1'))).to.deep.equal({ goesOn: true, halts: false });
    agent.event('evt-2', DANGEROUS);
    await watch.until(({ stdout }) => stdout.split('rm -rf /').length > 2);
    await eventually(async () => {
      watch.type('r');
      expect(watch.stdout).to.match(/rev-\S+: rejected]/);
    });
    expect(verdictWords(await agent.verdict('evt-2'))).to.deep.equal({ goesOn: false, halts: true });
    watch.type('q');
    expect(await watch.end()).to.equal(0);
    await agent.cut();
  });

  it('is listed and decided by commands, and a second decision is told so', async () => {
    await start();
    const agent = await agentAsks('evt-1');
    const { id } = await reviewOf('evt-1');
    const at = ['--url', server.urls.chat, '--user', 'supervisor1'];
    const list = await holdfast(['reviews', ...at]);
    expect(list).to.include({ code: 0 });
    expect(list.stdout).to.contain(`${id}  pending`).and.contain('bash');
    const [first, second] = await Promise.all([
      holdfast(['reviews', 'approve', id, '--comment', 'A throw-away machine.', '--json', ...at]),
      holdfast(['reviews', 'reject', id, '--json', ...at]),
    ]);
    expect([first.code, second.code].sort()).to.deep.equal([0, 1]);
    const verdict = verdictWords(await agent.verdict('evt-1'));
    expect(verdict.goesOn).to.equal(first.code === 0);
    await agent.settled();
    expect(agent.verdictsOn('evt-1')).to.have.length(1);
    expect((await reviewOf('evt-1')).status).to.equal(first.code === 0 ? 'approved' : 'rejected');
    await agent.cut();
  });

  it('is rejected when nobody decides in time, and reviewers hear of that', async () => {
    await start('--control-review-deadline', '1s');
    const live = new EventReader(
      await fetch(`${server.urls.chat}/api/reviews/live`, {
        headers: { authorization: `Bearer ${admin.token}` },
      }),
    );
    const agent = await agentAsks('evt-1');
    expect(verdictWords(await agent.verdict('evt-1'))).to.deep.equal({ goesOn: false, halts: true });
    await live.until(({ events }) => events.at(-1)?.data.status === 'expired');
    const { id } = await reviewOf('evt-1');
    const late = await admin.post('chat', `/api/reviews/${id}/approve`, {});
    expect([late.status, late.body.reviewStatus]).to.deep.equal([409, 'expired']);
    await live.cut();
    await agent.cut();
  });

  it('is still open after the server was killed, and the decision waits for the agent through another kill', async () => {
    await start();
    const agent = await agentAsks('evt-1');
    const { id } = await reviewOf('evt-1');
    server = await server.restartAfterKill(FLAGS);
    await agent.closed;
    const after = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    const decided = await after.post('chat', `/api/reviews/${id}/approve`, { comment: 'Go on.' });
    expect([decided.status, decided.body.status]).to.deep.equal([200, 'approved']);
    expect(decided.body.notice, 'the agent has not come back yet').to.match(/not connected/);
    server = await server.restartAfterKill(FLAGS);
    const back = await AgentClient.login(server.urls.chat, key, 'sess-1');
    expect(verdictWords(await back.verdict('evt-1'))).to.deep.equal({ goesOn: true, halts: false });
    await back.cut();
  });

  it('is closed to the sockets of an owner whose session an admin has taken away', async () => {
    await start();
    const agent = await agentAsks('evt-1');
    await reviewOf('evt-1');
    const owners = (await admin.get('chat', '/api/ops/owners')).body.owners;
    expect(owners).to.have.length(1);
    expect(owners[0]).to.include({ sessionId: 'sess-1', owner: 'agent:builder', connected: true });
    const released = await admin.send('chat', 'DELETE', '/api/ops/owners/sess-1', undefined);
    expect(released.status).to.equal(200);
    expect((await agent.closed).code).to.not.equal(1000);
    expect(
      (await admin.get('chat', '/api/audit?limit=100')).body.records.map(({ act }: { act: string }) => act),
    ).to.include('session_owner.released');
  });
});
