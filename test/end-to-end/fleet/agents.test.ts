import { expect } from 'chai';
import { AgentClient, BENIGN, DANGEROUS } from '../../support/agent-client.ts';
import type { ApiClient } from '../../support/api-client.ts';
import { agentKey, decide, expectConflict, reviewOf, setPolicy } from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { MuxClient } from '../../support/mux-client.ts';
import { PASSWORD, ThreeNodes } from '../../support/three-nodes.ts';

describe('better than the original: agents of three nodes', function () {
  this.timeout(180_000);
  let fleet: ThreeNodes;
  let admin: ApiClient;
  let a: string;
  let b: string;
  const clients: AgentClient[] = [];

  before(async () => {
    fleet = await ThreeNodes.start();
    await fleet.createUser('chief', 'admin');
    admin = await fleet.login('chief');
    ({ key: a } = await agentKey(admin, 'agent-a', PASSWORD));
    await setPolicy(admin, { mode: 'hitl' });
  });
  after(() => fleet.dispose());
  beforeEach(async () => {
    ({ key: b } = await agentKey(admin, undefined, PASSWORD));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.cut();
  });

  const urlOf = (place: number): string => fleet.node(place).urls.chat;
  const login = async (place: number, sessionId: string, more = {}): Promise<AgentClient> => {
    const client = await AgentClient.login(urlOf(place), a, sessionId, more);
    clients.push(client);
    return client;
  };
  const reviewer = (place: number): ApiClient => fleet.client(admin.token, place);

  it('10. three nodes: the agent is on one node, its reviewer on another, and whoever asks for its session on a third', async () => {
    const agent = await login(0, 'ten');
    agent.event('ten-1', DANGEROUS);
    await reviewOf(reviewer(1), 'ten-1');
    await expectConflict(urlOf(2), b, 'ten');
    expect((await decide(reviewer(1), 'ten-1', 'approve')).status).to.equal(200);
    expect((await agent.verdict('ten-1')).hitl).to.deep.equal({ continueExecution: true });
    await expectConflict(urlOf(2), b, 'ten');
    expect(agent.verdictsOn('ten-1')).to.have.length(1);
  });

  it('10. three nodes: a decision that was made while the agent was away comes to it on whichever node it is back', async () => {
    const agent = await AgentClient.login(urlOf(0), a, 'roams');
    agent.event('roams-1', DANGEROUS);
    await reviewOf(reviewer(1), 'roams-1');
    await agent.cut();
    await decide(reviewer(1), 'roams-1', 'reject');
    await expectConflict(urlOf(1), b, 'roams');
    expect((await (await login(2, 'roams')).verdict('roams-1')).hitl).to.deep.equal({});
  });

  it('10. three nodes: where the connection that asked has gone, the newest main one gets the decision, wherever it is', async () => {
    const asking = await AgentClient.login(urlOf(0), a, 'newest', { connectionId: 'asks' });
    const older = await login(1, 'newest');
    const newest = await login(2, 'newest');
    asking.event('newest-1', DANGEROUS);
    await reviewOf(reviewer(1), 'newest-1');
    await asking.cut();
    await decide(reviewer(1), 'newest-1', 'approve');
    expect((await newest.verdict('newest-1')).hitl).to.deep.equal({ continueExecution: true });
    expect(older.verdictsOn('newest-1')).to.deep.equal([]);
  });

  it('10. three nodes: all of that holds over multiplexed sessions, which are taken back on another node', async () => {
    const { key } = await agentKey(admin, 'agent-m', PASSWORD, ['control', 'mux']);
    const frameOf = { login: { sessionId: 'muxed', schemaVersion: 2, source: 'sdk' } };
    const first = await MuxClient.connect(urlOf(0), key);
    const { handle, sessionId, resumeToken: token } = await first.open('control');
    first.send(handle, 'DATA', frameOf);
    const { offset } = await first.on(handle, 'EVENT');
    first.send(handle, 'DATA', { pairedBatch: { events: [{ eventId: 'muxed-1', ...DANGEROUS }] } });
    await reviewOf(reviewer(1), 'muxed-1');
    first.socket.terminate();
    await decide(reviewer(1), 'muxed-1', 'reject');
    await expectConflict(urlOf(1), b, 'muxed');
    const second = await MuxClient.connect(urlOf(2), key);
    const back = await second.open('control', { resume: { sessionId, token, offset } });
    expect([back.recovered, back.offset]).to.deep.equal([true, offset]);
    second.send(back.handle, 'DATA', frameOf);
    const { json } = await second.next((frame) => frame.json?.verdict !== undefined);
    expect(json.verdict).to.deep.include({ eventId: 'muxed-1', hitl: {} });
    second.socket.terminate();
  });

  it('a policy change is told at once on every node', async () => {
    const agents = await Promise.all([0, 1, 2].map((place) => login(place, `policy-${place}`)));
    await setPolicy(reviewer(1), { mode: 'hitl', m2: true });
    for (const agent of agents) expect((await agent.ack()).policy).to.include({ policyM2: true });
  });

  it('a reviewer who clicks twice, on two nodes, decides once', async () => {
    const agent = await login(0, 'double');
    agent.event('double-1', DANGEROUS);
    await reviewOf(reviewer(1), 'double-1');
    const answers = await Promise.all([
      decide(reviewer(1), 'double-1', 'approve'),
      decide(reviewer(2), 'double-1', 'reject'),
    ]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409]);
    const approved = answers[0]?.status === 200;
    const { hitl } = await agent.verdict('double-1');
    expect(hitl).to.deep.equal(approved ? { continueExecution: true } : {});
    await agent.settled();
    expect(agent.verdictsOn('double-1')).to.have.length(1);
  });

  it('a key that is revoked through one node is closed on another within a second', async () => {
    const own = await agentKey(admin, undefined, PASSWORD);
    const agent = await AgentClient.login(urlOf(2), own.key, 'revoked');
    const at = performance.now();
    await fleet.client(admin.token, 0).send('auth', 'DELETE', `/api/keys/${own.id}`, undefined);
    expect((await agent.closed).code).to.equal(4401);
    expect(performance.now() - at).to.be.below(1_500);
  });

  it('what a node that is killed owed its agents comes to them on another', async () => {
    const agent = await AgentClient.login(urlOf(0), a, 'killed');
    agent.event('killed-1', DANGEROUS);
    await reviewOf(reviewer(1), 'killed-1');
    await fleet.node(0).end('SIGKILL');
    await agent.closed;
    await decide(reviewer(1), 'killed-1', 'reject');
    await expectConflict(urlOf(1), b, 'killed');
    const back = await login(2, 'killed');
    expect((await back.verdict('killed-1')).hitl).to.deep.equal({});
    back.event('killed-2', BENIGN);
    await eventually(async () => expect(back.verdictsOn('killed-2')).to.have.length(1));
    await fleet.restart(0);
  });
});
