import { expect } from 'chai';
import { AgentClient, BENIGN, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { agentKey, decide, expectConflict, reviewOf, setPolicy } from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { RunningServer } from '../../support/running-server.ts';

describe('better than the original: whose an agent’s session is', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  let reviewer: ApiClient;
  let a: string;
  let b: string;
  let url: string;
  const clients: AgentClient[] = [];

  before(async () => {
    server = await RunningServer.start(['--demo', '--log-level', 'warn']);
    url = server.urls.chat;
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    reviewer = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    ({ key: a } = await agentKey(admin, 'agent-a'));
  });
  after(() => server.dispose());
  beforeEach(async () => {
    // A key of its own for each test: what it is refused is counted.
    ({ key: b } = await agentKey(admin));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.cut();
  });

  const login = async (key: string, sessionId: string, more = {}): Promise<AgentClient> => {
    const client = await AgentClient.login(url, key, sessionId, more);
    clients.push(client);
    return client;
  };

  it('1. the owner check comes before the login_ack', async () => {
    await login(a, 'one');
    await expectConflict(url, b, 'one');
  });

  it('2. ownership outlives the socket: what waits comes to its owner alone', async () => {
    await setPolicy(admin, { mode: 'hitl' });
    const away = await AgentClient.login(url, a, 'two');
    away.event('two-1', DANGEROUS);
    await reviewOf(reviewer, 'two-1');
    await away.cut();
    await expectConflict(url, b, 'two');
    expect((await decide(reviewer, 'two-1', 'approve')).status).to.equal(200);
    await expectConflict(url, b, 'two');
    const back = await login(a, 'two');
    expect((await back.verdict('two-1')).hitl).to.deep.equal({ continueExecution: true });
  });

  it('2. ownership outlives the socket: each refused claim is an alert, and an admin undoes a squatter, whose successor sees nothing of his', async () => {
    await setPolicy(admin, { mode: 'hitl' });
    const squatter = await AgentClient.login(url, b, 'squatted');
    squatter.event('squat-1', DANGEROUS);
    await reviewOf(reviewer, 'squat-1');
    await expectConflict(url, a, 'squatted');
    await eventually(async () => {
      const { body } = await admin.get('chat', '/api/ops/alerts');
      const kinds = body.alerts.map(
        ({ kind, principal }: { kind: string; principal: string }) => `${kind} ${principal}`,
      );
      expect(kinds).to.include('claims.refused agent:agent-a');
    });
    const { body } = await admin.get('chat', '/api/ops/owners?limit=100');
    expect(body.owners.map(({ sessionId }: { sessionId: string }) => sessionId)).to.include('squatted');
    const removed = await admin.send('chat', 'DELETE', '/api/ops/owners/squatted', undefined);
    expect(removed.status).to.be.within(200, 204);
    expect((await squatter.closed).code).to.equal(1008);
    const rightful = await login(a, 'squatted');
    await decide(reviewer, 'squat-1', 'approve');
    await rightful.settled();
    expect(rightful.received.filter(({ verdict }) => verdict !== undefined)).to.deep.equal([]);
  });

  it('2. ownership outlives the socket: a revoked key’s sessions stay closed to others, and a new key of the profile inherits them', async () => {
    const first = await agentKey(admin, 'rotated');
    const agent = await AgentClient.login(url, first.key, 'rotating');
    const at = performance.now();
    await admin.send('auth', 'DELETE', `/api/keys/${first.id}`, undefined);
    expect((await agent.closed).code).to.equal(4401);
    expect(performance.now() - at).to.be.below(1_000);
    await expectConflict(url, b, 'rotating');
    await login((await agentKey(admin, 'rotated')).key, 'rotating');
  });

  it('3. session_id and connection_id are separate maps: who names one like another’s session gets nothing of it', async () => {
    await setPolicy(admin, { mode: 'block' });
    const own = await login(a, 'three');
    const other = await login(b, 'three-b', { connectionId: 'three' });
    own.event('three-1');
    await own.verdict('three-1');
    await other.settled();
    expect(other.received).to.have.length(1);
    await login(b, 'three-c', { connectionId: 'three' });
    own.event('three-2');
    await own.verdict('three-2');
  });

  it('3. session_id and connection_id are separate maps: short connections of one name live side by side, and each gets its own answer alone', async () => {
    await setPolicy(admin, { mode: 'block' });
    const main = await login(a, 'side');
    const short = [0, 1, 2].map(() => login(a, 'side', { connectionId: 'same' }));
    for (const [at, client] of (await Promise.all(short)).entries()) {
      client.event(`side-${at}`);
      expect((await client.verdict()).eventId).to.equal(`side-${at}`);
    }
    for (const client of await Promise.all(short)) {
      await client.settled();
      expect(client.received).to.have.length(2);
    }
    expect(main.received).to.have.length(1);
  });

  it('keeps which servers an agent says it has, the last time alone', async () => {
    const agent = await login(a, 'servers');
    const say = (...names: readonly string[]): void =>
      agent.send({
        mcpInventory: { servers: names.map((name) => ({ name, transport: 'stdio', endpoint: name })) },
      });
    const kept = async (): Promise<string[]> => {
      const { body } = await reviewer.get('chat', '/api/mcp/servers?limit=100');
      const own = body.servers.filter(({ sessionId }: { sessionId: string }) => sessionId === 'servers');
      return own.map(({ name, owner }: { name: string; owner: string }) => `${owner} ${name}`).sort();
    };
    say('mail', 'files');
    await eventually(async () =>
      expect(await kept()).to.deep.equal(['agent:agent-a files', 'agent:agent-a mail']),
    );
    say('web', 'files');
    await eventually(async () =>
      expect(await kept()).to.deep.equal(['agent:agent-a files', 'agent:agent-a web']),
    );
    say();
    await eventually(async () => expect(await kept()).to.deep.equal([]));
  });

  for (const connectionId of ['', 'socket-1']) {
    it(`3. session_id and connection_id are separate maps: a decision comes to the connection that asked, ${connectionId === '' ? 'a main one' : 'one with a connection_id'}`, async () => {
      await setPolicy(admin, { mode: 'hitl' });
      const session = `asks-${connectionId}`;
      const asking = await login(a, session, { connectionId });
      const newer = await login(a, session);
      asking.event(`${session}-1`, DANGEROUS);
      await decide(reviewer, `${session}-1`, 'reject');
      expect((await asking.verdict(`${session}-1`)).hitl).to.deep.equal({});
      asking.event(`${session}-2`, DANGEROUS);
      await reviewOf(reviewer, `${session}-2`);
      await asking.cut();
      await decide(reviewer, `${session}-2`, 'reject');
      expect((await newer.verdict(`${session}-2`)).hitl).to.deep.equal({});
      expect(newer.verdictsOn(`${session}-1`)).to.deep.equal([]);
    });
  }

  it('5. event ids are unique per owner, not globally: another’s duplicate is neither answered from nor merged with the first', async () => {
    await setPolicy(admin, { mode: 'hitl' });
    const [first, second] = [await login(a, 'five-a'), await login(b, 'five-b')];
    first.event('five', DANGEROUS);
    await decide(reviewer, 'five', 'approve');
    expect((await first.verdict('five')).hitl).to.deep.equal({ continueExecution: true });
    second.event('five', DANGEROUS);
    await eventually(async () => {
      const { body } = await reviewer.get('chat', '/api/reviews?status=pending&limit=100');
      expect(body.reviews.map(({ eventId }: { eventId: string }) => eventId)).to.include('five');
    });
    await second.settled();
    expect(second.verdictsOn('five')).to.deep.equal([]);
  });

  for (const mode of ['block', 'hitl']) {
    it(`11. live, one node, ${mode.toUpperCase()}: whoever asks for the session is closed, and its agent goes on getting everything`, async () => {
      await setPolicy(admin, { mode });
      const agent = await login(a, `eleven-${mode}`);
      agent.event('evt-before', BENIGN);
      expect((await agent.verdict('evt-before')).madCode).to.equal('M0');
      await expectConflict(url, b, `eleven-${mode}`);
      agent.event('evt-after', { ...BENIGN, runId: mode });
      await agent.verdict('evt-after');
      if (mode === 'block') return;
      agent.event('evt-asked', DANGEROUS);
      await expectConflict(url, b, `eleven-${mode}`);
      await decide(reviewer, 'evt-asked', 'approve');
      expect((await agent.verdict('evt-asked')).hitl).to.deep.equal({ continueExecution: true });
    });
  }
});
