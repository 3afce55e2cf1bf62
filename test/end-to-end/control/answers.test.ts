import { expect } from 'chai';
import { AgentClient, BENIGN, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { CAPTURED } from '../../support/captured-agent-messages.ts';
import { agentKey, decide, reviewOf, setPolicy } from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { RunningServer } from '../../support/running-server.ts';
import { type SilentJudge, silentJudge } from '../../support/silent-judge.ts';

const TOOL = { pairType: 2, tool: { toolName: 'bash', toolCallId: 'c', input: '{"command":"ls"}' } };
/** How long classifying may take in this server, in milliseconds. */
const DEADLINE_MS = 400;
/** How long a verdict that is in time may take to come, in milliseconds, on a machine that is busy. */
const IN_TIME_MS = 3_000;

describe('better than the original: what an agent is told, and when', function () {
  this.timeout(60_000);
  let judge: SilentJudge;
  let server: RunningServer;
  let stalled: RunningServer;
  const people = new Map<
    RunningServer,
    { readonly admin: ApiClient; readonly reviewer: ApiClient; readonly key: string }
  >();
  const clients: AgentClient[] = [];

  before(async () => {
    // A model that never answers: what the rules find harmless cannot be classified in time.
    judge = await silentJudge();
    server = await RunningServer.start(['--demo']);
    const deadline = ['--control-verdict-deadline', `${DEADLINE_MS}ms`];
    stalled = await RunningServer.start(['--demo', ...deadline, ...judge.flags]);
    for (const one of [server, stalled]) {
      const admin = await ApiClient.login(one.urls, 'admin', 'admin@admin');
      const reviewer = await ApiClient.login(one.urls, 'supervisor1', 'Supervisor1@');
      people.set(one, { admin, reviewer, key: (await agentKey(admin, 'agent')).key });
    }
  });
  after(async () => {
    judge?.close();
    await Promise.all([server?.dispose(), stalled?.dispose()]);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.cut();
  });

  const at = (one: RunningServer) => {
    const found = people.get(one);
    if (found === undefined) throw new Error('nobody is known there');
    return found;
  };
  const login = async (sessionId: string, more = {}, one = server): Promise<AgentClient> => {
    const client = await AgentClient.login(one.urls.chat, at(one).key, sessionId, more);
    clients.push(client);
    return client;
  };

  it('keeps the verdict to itself in ALERT, where it is seen by officers alone', async () => {
    const { admin, reviewer } = at(server);
    await setPolicy(admin, { mode: 'alert' });
    const agent = await login('alert');
    agent.event('alert-1', DANGEROUS);
    await eventually(async () => {
      const { body } = await reviewer.get('chat', '/api/events?sessionId=alert');
      expect(body.events[0]).to.include({ eventId: 'alert-1', pairType: 'llm', delivery: 'none' });
      expect(body.events[0].madCode).to.match(/^M[34]/);
    });
    await agent.settled();
    expect(agent.received).to.have.length(1);
  });

  it('4. a resolution made while the client is away is kept and delivered on its return', async () => {
    const { admin, reviewer } = at(server);
    await setPolicy(admin, { mode: 'hitl' });
    const agent = await login('away');
    agent.event('away-1', DANGEROUS);
    await reviewOf(reviewer, 'away-1');
    await agent.cut();
    await decide(reviewer, 'away-1', 'reject');
    const back = await login('away');
    expect(await back.verdict('away-1')).to.deep.include({ eventId: 'away-1', hitl: {} });
  });

  it('4. a resolution made while the client is away is kept: an event that is sent again gets the verdict or the decision that there is, each time', async () => {
    const { admin, reviewer } = at(server);
    await setPolicy(admin, { mode: 'hitl' });
    const agent = await login('again');
    agent.event('again-1', DANGEROUS);
    await decide(reviewer, 'again-1', 'approve');
    await agent.verdict('again-1');
    for (const connectionId of ['', 'plug']) {
      const other = await login('again', { connectionId });
      other.event('again-1', DANGEROUS);
      expect((await other.verdict('again-1')).hitl).to.deep.equal({ continueExecution: true });
      other.event('again-2', BENIGN);
      expect((await other.verdict('again-2')).madCode).to.equal('M0');
    }
  });

  it('4. a resolution made while the client is away is kept for the same bytes: other bytes under the same id are classified afresh', async () => {
    await setPolicy(at(server).admin, { mode: 'block' });
    const agent = await login('afresh');
    agent.event('afresh-1', BENIGN);
    expect((await agent.verdict('afresh-1')).madCode).to.equal('M0');
    agent.event('afresh-1', DANGEROUS);
    expect((await agent.verdict('afresh-1')).madCode).to.match(/^M[34]/);
  });

  it('halts the call that a released SDK has reported, and answers what it sent after that', async () => {
    const { admin, reviewer, key } = at(server);
    await setPolicy(admin, { mode: 'block' });
    const agent = await AgentClient.connect(server.urls.chat, key);
    clients.push(agent);
    for (const message of CAPTURED.messages) agent.socket.send(message);
    const verdicts = [await agent.verdict(), await agent.verdict()];
    const told = verdicts.map(({ sessionId, madCode, hitl }) => ({ sessionId, madCode, hitl }));
    expect(told).to.have.deep.members([
      { sessionId: CAPTURED.session, madCode: 'M4.a', hitl: {} },
      { sessionId: CAPTURED.session, madCode: 'M0', hitl: undefined },
    ]);
    const { body } = await reviewer.get('chat', `/api/events?sessionId=${CAPTURED.session}`);
    const reasoned = body.events.map(
      ({ event }: { event: { llm: { reasoning?: string } } }) => event.llm.reasoning,
    );
    expect(reasoned).to.include('The user wants it gone.');
  });

  it('6. fail_closed_on_classifier_error is enforced on the server: under BLOCK an event that cannot be classified in time is halted in all members where the policy fails closed', async () => {
    await setPolicy(at(stalled).admin, { mode: 'block', m4: false, failClosedOnClassifierError: true });
    const agent = await login('closed', {}, stalled);
    const sentAt = performance.now();
    agent.event('closed-1', BENIGN);
    const verdict = await agent.verdict('closed-1');
    expect(performance.now() - sentAt).to.be.within(DEADLINE_MS / 2, IN_TIME_MS);
    expect(verdict).to.deep.include({ madCode: 'M3', status: 2, hitl: {} });
  });

  it('6. fail_closed_on_classifier_error is enforced on the server: a policy that fails open says that there was an error, and decides nothing', async () => {
    await setPolicy(at(stalled).admin, { mode: 'block' });
    const agent = await login('open', {}, stalled);
    agent.event('open-1', BENIGN);
    const verdict = await agent.verdict('open-1');
    expect(verdict).to.include({ status: 2 });
    expect(verdict).not.to.have.any.keys('madCode', 'hitl');
  });

  it('6. fail_closed_on_classifier_error is enforced on the server: under HITL what can be held asks a person because of the error, and the rest is halted', async () => {
    const { admin, reviewer } = at(stalled);
    await setPolicy(admin, { mode: 'hitl', failClosedOnClassifierError: true });
    const agent = await login('held', {}, stalled);
    agent.event('held-1', BENIGN);
    agent.event('held-2', TOOL);
    expect(await agent.verdict('held-2')).to.deep.include({ madCode: 'M4', status: 2, hitl: {} });
    expect(await reviewOf(reviewer, 'held-1')).to.include({ reason: 'classifier_error' });
    await decide(reviewer, 'held-1', 'approve');
    expect((await agent.verdict('held-1')).hitl).to.deep.equal({ continueExecution: true });
    const plugin = await login('held', { connectionId: 'p', source: 'claude-code' }, stalled);
    plugin.event('held-3', BENIGN);
    expect(await plugin.verdict('held-3')).to.deep.include({ madCode: 'M4', status: 2, hitl: {} });
  });

  it('6. fail_closed_on_classifier_error is enforced on the server: a policy that fails closed and enables no code is refused', async () => {
    const none = {
      mode: 'block',
      m0: false,
      m2: false,
      m3: false,
      m4: false,
      failClosedOnClassifierError: true,
    };
    const { status } = await at(server).admin.send(
      'chat',
      'PUT',
      '/api/settings/policy',
      JSON.stringify(none),
    );
    expect(status).to.equal(400);
  });

  it('6. fail_closed_on_classifier_error is enforced on the server: a halt names a code that this connection was told to halt for, also after the policy has changed', async () => {
    const { admin } = at(server);
    await setPolicy(admin, { mode: 'block', m3: false, m4: true });
    const plugin = await login('told', { connectionId: 'told-1' });
    await setPolicy(admin, { mode: 'block', m0: true, m3: true, m4: true });
    plugin.event('told-1', BENIGN);
    expect(await plugin.verdict('told-1')).to.deep.include({ madCode: 'M4', hitl: {} });
  });

  it('8. a policy change is sent at once to every live main subscriber as a fresh login_ack, and to others by their verdicts alone', async () => {
    const { admin } = at(server);
    await setPolicy(admin, { mode: 'alert' });
    const mains = [await login('eight'), await login('eight'), await login('eight-b')];
    const plugin = await login('eight', { connectionId: 'p-8' });
    await setPolicy(admin, { mode: 'block', m2: true });
    for (const main of mains) {
      expect((await main.ack()).policy).to.deep.equal({
        mode: 3,
        policyM2: true,
        policyM3: true,
        policyM4: true,
      });
    }
    plugin.event('eight-1', BENIGN);
    expect((await plugin.verdict('eight-1')).policy).to.include({ mode: 3, policyM2: true });
    expect(plugin.received).to.have.length(2);
  });

  it('8. a policy change is sent at once: another agent’s policy of its own is told to it alone', async () => {
    const { admin } = at(server);
    await setPolicy(admin, { mode: 'alert' });
    const main = await login('eight-own');
    const { key } = await agentKey(admin, 'other');
    const other = await AgentClient.login(server.urls.chat, key, 'eight-other');
    clients.push(other);
    const own = {
      mode: 'block',
      m0: false,
      m2: false,
      m3: true,
      m4: true,
      failClosedOnClassifierError: false,
    };
    await admin.send('chat', 'PUT', '/api/settings/policy/agents/other', JSON.stringify(own));
    expect((await other.ack()).policy).to.include({ mode: 3 });
    await main.settled();
    expect(main.received).to.have.length(1);
  });

  it('is told of each event by the session that it came in, though the connection has gone on to another one', async () => {
    const { admin, reviewer } = at(stalled);
    await setPolicy(admin, { mode: 'hitl', failClosedOnClassifierError: true });
    const agent = await login('went-on-1', {}, stalled);
    agent.event('went-on-1', BENIGN);
    agent.event('went-on-2', TOOL);
    agent.logIn('went-on-2');
    await agent.ack();
    expect(await agent.verdict('went-on-2')).to.include({ sessionId: 'went-on-1' });
    await decide(reviewer, 'went-on-1', 'reject');
    expect(await agent.verdict('went-on-1')).to.deep.include({ sessionId: 'went-on-1', hitl: {} });
    agent.event('went-on-3', TOOL);
    expect(await agent.verdict('went-on-3')).to.include({ sessionId: 'went-on-2' });
  });

  for (const mode of ['alert', 'block', 'hitl'] as const) {
    it(`goes by the wire from login to resolution in ${mode.toUpperCase()}`, async () => {
      const { admin, reviewer } = at(server);
      await setPolicy(admin, { mode });
      const agent = await AgentClient.connect(server.urls.chat, at(server).key);
      clients.push(agent);
      agent.logIn(`walk-${mode}`, { llmStack: { provider: 'openai', model: 'gpt' }, source: 'sdk-py' });
      const ack = await agent.ack();
      expect(ack).to.deep.include({ source: 'sdk-py' });
      expect(ack.policy).to.include({ mode: { alert: 1, hitl: 2, block: 3 }[mode] });
      const events = [
        { eventId: `walk-${mode}-1`, runId: 'run', ...BENIGN },
        { eventId: `walk-${mode}-2`, runId: 'run', ...TOOL },
        { eventId: `walk-${mode}-3`, runId: 'run', ...DANGEROUS },
      ];
      agent.send({ pairedBatch: { events } });
      if (mode !== 'alert') {
        for (const { eventId } of events.slice(0, 2)) {
          expect(await agent.verdict()).to.deep.include({ eventId, madCode: 'M0', status: 1 });
        }
      }
      if (mode === 'block') expect((await agent.verdict()).hitl).to.deep.equal({});
      if (mode === 'hitl') {
        await agent.settled();
        expect(agent.verdictsOn('walk-hitl-3')).to.deep.equal([]);
        expect((await decide(reviewer, 'walk-hitl-3', 'reject')).body).to.include({ status: 'rejected' });
        expect((await agent.verdict()).hitl).to.deep.equal({});
      }
      await eventually(async () => {
        const { body } = await reviewer.get('chat', `/api/sessions/walk-${mode}/timeline`);
        const kept = body.events.map(
          ({ eventId, delivery }: Record<string, string>) => `${eventId} ${delivery}`,
        );
        const delivery = mode === 'alert' ? 'none' : 'delivered';
        expect(kept).to.deep.equal(events.map(({ eventId }) => `${eventId} ${delivery}`));
      });
    });
  }
});
