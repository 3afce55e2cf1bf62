import { expect } from 'chai';
import { AgentClient, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import {
  type AgentKey,
  agentKey,
  decide,
  expectConflict,
  OWNED_BY_OTHER,
  reviewOf,
  setPolicy,
} from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { eventOf, logInAgent, loginOf, type MuxAgent, openAgent } from '../../support/mux-agent.ts';
import { MuxClient } from '../../support/mux-client.ts';
import { RunningServer } from '../../support/running-server.ts';

describe('agents over multiplexed sessions', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  let reviewer: ApiClient;
  let own: AgentKey;
  let url: string;
  const clients: MuxClient[] = [];

  const keyOf = (agent?: string): Promise<AgentKey> =>
    agentKey(admin, agent, 'admin@admin', ['control', 'mux']);

  before(async () => {
    server = await RunningServer.start(['--demo', '--log-level', 'warn']);
    url = server.urls.chat;
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    reviewer = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    own = await keyOf('agent-a');
  });
  after(() => server.dispose());
  afterEach(() => {
    for (const { socket } of clients.splice(0)) socket.terminate();
  });

  const open = async (key: string, more = {}): Promise<MuxAgent> => {
    const mux = await MuxClient.connect(url, key);
    clients.push(mux);
    return openAgent(mux, more);
  };
  const logIn = async (key: string, session: string): Promise<MuxAgent> => {
    const mux = await MuxClient.connect(url, key);
    clients.push(mux);
    return logInAgent(mux, session);
  };
  const resume = (
    key: string,
    { sessionId, resumeToken: token }: MuxAgent,
    offset: number,
  ): Promise<MuxAgent> => open(key, { resume: { sessionId, token, offset } });
  const delivered = (eventId: string) =>
    eventually(async () => {
      const { body } = await reviewer.get('chat', '/api/events?limit=100');
      const found = body.events.find((one: { eventId: string }) => one.eventId === eventId);
      expect(found?.delivery).to.equal('delivered');
    });

  it('keep verdicts in ALERT, get each in BLOCK, and wait for a person in HITL, by offsets that rise by one', async () => {
    await setPolicy(admin, { mode: 'alert' });
    const agent = await open(own.key);
    agent.send(loginOf('walk'));
    const { offset, json } = await agent.event(() => true);
    expect(offset).to.equal(1);
    expect(json.loginAck).to.deep.include({ source: 'sdk' });
    expect(json.loginAck.policy).to.deep.include({ mode: 'POLICY_MODE_ALERT', policyM4: true });
    agent.send(eventOf('walk-1', DANGEROUS));
    await eventually(async () => {
      const { body } = await reviewer.get('chat', '/api/events?sessionId=walk');
      expect(body.events[0]).to.include({ eventId: 'walk-1', delivery: 'none' });
    });
    await setPolicy(admin, { mode: 'block' });
    expect((await agent.event(({ loginAck }) => loginAck !== undefined)).offset).to.equal(2);
    agent.send(eventOf('walk-2', DANGEROUS));
    const blocked = await agent.event(() => true);
    expect(blocked.offset).to.equal(3);
    expect(blocked.json.verdict).to.include({ eventId: 'walk-2', sessionId: 'walk' });
    expect(blocked.json.verdict.madCode).to.match(/^M[34]/);
    await delivered('walk-2');
    await setPolicy(admin, { mode: 'hitl' });
    await agent.event(({ loginAck }) => loginAck !== undefined);
    agent.send(eventOf('walk-3', DANGEROUS));
    expect((await decide(reviewer, 'walk-3', 'approve')).status).to.equal(200);
    const held = await agent.event(() => true);
    expect([held.offset, held.json.verdict.hitl]).to.deep.equal([5, { continueExecution: true }]);
  });

  it('are refused another’s session, whichever way either is connected, and learn nothing', async () => {
    await setPolicy(admin, { mode: 'block' });
    const agent = await logIn(own.key, 'taken');
    const { key: other } = await keyOf();
    const thief = await open(other);
    thief.send(loginOf('taken'));
    const { json: error } = await thief.mux.on(thief.handle, 'ERROR');
    expect(error).to.include({ code: 'session.owned_by_other', message: OWNED_BY_OTHER.reason });
    expect((await thief.mux.on(thief.handle, 'CLOSE')).json.code).to.equal(4403);
    expect(thief.mux.received.filter(({ name }) => name === 'EVENT')).to.deep.equal([]);
    await expectConflict(url, (await agentKey(admin)).key, 'taken');
    const stolen = await thief.mux.ask('control', {
      resume: { sessionId: agent.sessionId, token: agent.resumeToken, offset: 0 },
    });
    expect(stolen.json.code).to.equal('session.owned_by_other');
    agent.send(eventOf('taken-1'));
    await agent.verdict('taken-1');
    const socket = await AgentClient.login(url, other, 'sockets');
    agent.send(loginOf('sockets'));
    expect((await agent.mux.on(agent.handle, 'CLOSE')).json.code).to.equal(4403);
    await socket.cut();
  });

  it('get what was decided while they were cut off, after a resume and a login, behind the offset they had', async () => {
    await setPolicy(admin, { mode: 'hitl' });
    const agent = await logIn(own.key, 'cut');
    agent.send(eventOf('cut-1', DANGEROUS));
    await reviewOf(reviewer, 'cut-1');
    agent.mux.socket.terminate();
    await agent.mux.closed;
    expect((await decide(reviewer, 'cut-1', 'reject')).status).to.equal(200);
    const back = await resume(own.key, agent, 1);
    expect([back.recovered, back.offset, back.sessionId]).to.deep.equal([true, 1, agent.sessionId]);
    back.send(eventOf('cut-0'));
    expect((await back.mux.on(back.handle, 'ERROR')).json.code).to.equal('params.invalid');
    expect((await back.mux.on(back.handle, 'CLOSE')).json.code).to.equal(1002);
    const again = await resume(own.key, back, 1);
    again.send(loginOf('cut'));
    expect((await again.event(({ loginAck }) => loginAck !== undefined)).offset).to.equal(2);
    const { offset, json } = await again.verdict('cut-1');
    expect([offset, json.verdict.hitl]).to.deep.equal([3, {}]);
    await delivered('cut-1');
  });

  it('get a verdict again that they have not confirmed, and not again once they have', async () => {
    await setPolicy(admin, { mode: 'block' });
    const agent = await open(own.key);
    agent.mux.answersPings = false;
    agent.send(loginOf('unheard'));
    agent.send(eventOf('unheard-1'));
    await agent.verdict('unheard-1');
    await agent.mux.on(agent.handle, 'PING');
    agent.mux.socket.terminate();
    const back = await resume(own.key, agent, 2);
    back.send(loginOf('unheard'));
    expect((await back.verdict('unheard-1')).offset).to.equal(4);
    await delivered('unheard-1');
    back.mux.socket.terminate();
    const last = await resume(own.key, back, 4);
    last.send(loginOf('unheard'));
    last.send(eventOf('unheard-2'));
    expect((await last.verdict('unheard-2')).offset).to.equal(6);
    expect(last.mux.received.filter(({ json }) => json?.verdict?.eventId === 'unheard-1')).to.deep.equal([]);
  });

  it('are closed by 4401 within a second when their key ends, and a new key of the profile goes on', async () => {
    await setPolicy(admin, { mode: 'block' });
    const first = await keyOf('rotated');
    const agent = await logIn(first.key, 'rotating');
    const atMs = performance.now();
    await admin.send('auth', 'DELETE', `/api/keys/${first.id}`, undefined);
    expect(await agent.mux.closed).to.equal(4401);
    expect(performance.now() - atMs).to.be.below(1_000);
    await expectConflict(url, (await agentKey(admin)).key, 'rotating');
    const second = await resume((await keyOf('rotated')).key, agent, 1);
    second.send(loginOf('rotating'));
    second.send(eventOf('rotating-1'));
    await second.verdict('rotating-1');
  });

  it('are closed by 4502 when an operator takes their session, and another may have it then', async () => {
    const agent = await logIn(own.key, 'released');
    await admin.send('chat', 'DELETE', '/api/ops/owners/released', undefined);
    expect((await agent.mux.on(agent.handle, 'CLOSE')).json.code).to.equal(4502);
    await logIn((await keyOf()).key, 'released');
  });

  it('are refused what is no frame of the schema, without a word of what it was', async () => {
    for (const frame of [Buffer.from('no JSON'), { login: 1 }, {}, eventOf('first'), loginOf('')]) {
      const agent = await open(own.key);
      agent.mux.send(agent.handle, 'DATA', frame);
      expect((await agent.mux.on(agent.handle, 'ERROR')).json.code).to.equal('params.invalid');
      expect((await agent.mux.on(agent.handle, 'CLOSE')).json.code).to.equal(1002);
      agent.mux.socket.terminate();
    }
  });
});
