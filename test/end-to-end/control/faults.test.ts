import { expect } from 'chai';
import { AgentClient, BENIGN, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { agentKey, decide, expectConflict, reviewOf, setPolicy } from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { RunningServer } from '../../support/running-server.ts';

const FLAGS = ['--demo'];

describe('agents and reviewers while everything around them dies', function () {
  this.timeout(120_000);
  let server: RunningServer;
  let reviewer: ApiClient;
  let a: string;
  let b: string;

  const meet = async (): Promise<void> => {
    reviewer = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
  };

  before(async () => {
    server = await RunningServer.start(FLAGS);
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    ({ key: a } = await agentKey(admin, 'agent-a'));
    ({ key: b } = await agentKey(admin));
    await setPolicy(admin, { mode: 'hitl' });
    await meet();
  });
  after(() => server.dispose());

  it('lose no decision when the server is killed before it has come, and nobody else gets it after', async () => {
    const agent = await AgentClient.connect(server.urls.chat, a, { autoPong: false });
    agent.logIn('killed');
    await agent.ack();
    agent.event('killed-1', DANGEROUS);
    agent.event('killed-2', DANGEROUS);
    await reviewOf(reviewer, 'killed-1');
    expect((await decide(reviewer, 'killed-1', 'approve')).status).to.equal(200);
    // It is on its way, and nothing says that it has come.
    await agent.verdict('killed-1');
    server = await server.restartAfterKill(FLAGS);
    await agent.closed;
    await meet();
    await expectConflict(server.urls.chat, b, 'killed');
    const back = await AgentClient.login(server.urls.chat, a, 'killed');
    expect((await back.verdict('killed-1')).hitl).to.deep.equal({ continueExecution: true });
    expect((await decide(reviewer, 'killed-2', 'reject')).status).to.equal(200);
    expect((await back.verdict('killed-2')).hitl).to.deep.equal({});
    expect((await decide(reviewer, 'killed-1', 'reject')).status).to.equal(409);
    await back.cut();
  });

  it('lose no verdict when the agent is killed between its event and the verdict', async () => {
    const agent = await AgentClient.login(server.urls.chat, a, 'cut');
    for (let event = 0; event < 20; event += 1) agent.event(`cut-${event}`, BENIGN);
    await agent.cut();
    const back = await AgentClient.login(server.urls.chat, a, 'cut');
    // What the server had not read is sent again by the agent, as its SDK does.
    for (let event = 0; event < 20; event += 1) back.event(`cut-${event}`, BENIGN);
    for (let event = 0; event < 20; event += 1) {
      expect((await back.verdict(`cut-${event}`)).madCode).to.equal('M0');
    }
    await back.cut();
  });

  it('take a short connection’s event although it hangs up at once, and give the verdict to the main one', async () => {
    const main = await AgentClient.login(server.urls.chat, a, 'hangs-up');
    const short = await AgentClient.connect(server.urls.chat, a);
    short.logIn('hangs-up', { connectionId: 'short' });
    short.event('short-1', BENIGN);
    short.socket.close(1000);
    expect((await main.verdict('short-1')).madCode).to.equal('M0');
    await main.cut();
  });

  it('are told that the server stops, by 1001, after the last verdicts', async () => {
    const agent = await AgentClient.login(server.urls.chat, a, 'stops');
    agent.event('stops-1', BENIGN);
    await agent.verdict('stops-1');
    const ended = server.end('SIGTERM');
    expect((await agent.closed).code).to.equal(1001);
    expect(await ended).to.equal(0);
    server = await server.restartAfterKill(FLAGS);
    await eventually(async () => {
      const back = await AgentClient.login(server.urls.chat, a, 'stops');
      await back.cut();
    });
  });
});
