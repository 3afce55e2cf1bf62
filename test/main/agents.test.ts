import { expect } from 'chai';
import { CONTROL_RULES } from '../../src/main/tokens/control.ts';
import { AgentClient, BENIGN, DANGEROUS } from '../support/agent-client.ts';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';
import { eventually } from '../support/eventually.ts';

/** Events that are read at once here; above that there are 20 a second. */
const BURST = 10;
/** Logins and inventories that are acted on at once here; above that there is one in an hour. */
const LOGINS = 4;
const INVENTORIES = 2;

describe('agents at the composed server', function () {
  this.timeout(30_000);
  let server: ComposedServer;
  let key: string;

  before(async () => {
    const flags = {
      'control.eventBurst': String(BURST),
      'control.eventsPerOwner': '20/s',
      'control.loginBurst': String(LOGINS),
      'control.loginsPerOwner': '1/h',
      'control.inventoryBurst': String(INVENTORIES),
      'control.inventoriesPerOwner': '1/h',
    };
    server = await composedServer(undefined, undefined, { loops: true, flags });
    key = await server.mintKey('admin', 'control');
    const admin = await server.logIn('admin');
    const policy = {
      mode: 'block',
      m0: false,
      m2: false,
      m3: true,
      m4: true,
      failClosedOnClassifierError: false,
    };
    const { status } = await fetch(`${server.urls.chat}/api/settings/policy`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify(policy),
    });
    expect(status).to.equal(200);
  });
  after(() => server.close());

  const metrics = async (): Promise<string> => (await fetch(`${server.urls.chat}/metrics`)).text();

  it('have rules from their first login on, which no start waits for', async () => {
    const rules = server.container.get(CONTROL_RULES);
    const event = { profile: undefined, agentId: '', source: '', calls: [], messages: [], output: '' };
    const findingAtOnce = () => rules.classifyAtOnce({ ...event, pairType: 'llm' });
    expect(findingAtOnce()).to.equal(undefined);
    const agent = await AgentClient.login(
      server.urls.chat,
      await server.mintKey('admin', 'control'),
      'first',
    );
    expect(findingAtOnce()).to.deep.include({ kind: 'classified' });
    await agent.cut();
  });

  it('get a verdict on each event, and a halt in all its members on a dangerous one', async () => {
    const agent = await AgentClient.connect(server.urls.chat, key);
    agent.logIn('session');
    expect(await agent.ack()).to.deep.equal({
      policy: { mode: 3, policyM3: true, policyM4: true },
      source: 'sdk',
    });
    agent.event('e-1', BENIGN);
    const benign = await agent.verdict('e-1');
    expect(benign).to.deep.include({ eventId: 'e-1', sessionId: 'session', madCode: 'M0', status: 1 });
    expect(benign).not.to.have.property('hitl');
    agent.event('e-2', DANGEROUS);
    const halt = await agent.verdict('e-2');
    expect(halt.madCode).to.match(/^M[34]/);
    expect(halt.hitl).to.deep.equal({});
    await agent.cut();
  });

  it('are read more slowly above their rate, and get every answer', async () => {
    const agent = await AgentClient.login(server.urls.chat, await server.mintKey('admin', 'control'), 'rate');
    const at = performance.now();
    for (let event = 0; event < BURST + 10; event += 1) agent.event(`r-${event}`);
    for (let event = 0; event < BURST + 10; event += 1) await agent.verdict(`r-${event}`);
    expect(performance.now() - at).to.be.at.least(450);
    await agent.cut();
  });

  it('log in as often as they may at once, on one connection or several, and wait above that, as nobody else does', async () => {
    const busy = await server.mintKey('admin', 'control');
    const one = await AgentClient.connect(server.urls.chat, busy);
    for (let login = 0; login < LOGINS; login += 1) one.logIn(`login-${login}`);
    for (let login = 0; login < LOGINS; login += 1) await one.ack();
    const tooMany = await AgentClient.connect(server.urls.chat, busy);
    tooMany.logIn('login-one-too-many');
    tooMany.event('behind-it');
    const other = await AgentClient.login(server.urls.chat, await server.mintKey('admin', 'control'), 'calm');
    one.event('still-read');
    await one.verdict('still-read');
    const waits = 'holdfast_control_owner_waits_total{what="login"} 1';
    await eventually(async () => expect(await metrics()).to.include(waits));
    one.event('read-after-that');
    await one.verdict('read-after-that');
    expect(tooMany.received).to.deep.equal([]);
    await Promise.all([one, other, tooMany].map((client) => client.cut()));
    const dropped = 'holdfast_control_drops_total{what="event"} 1';
    await eventually(async () => expect(await metrics()).to.include(dropped));
  });

  it('say which servers they have as often as they may at once, and wait above that', async () => {
    const agent = await AgentClient.login(server.urls.chat, await server.mintKey('admin', 'control'), 'mcp');
    for (let time = 0; time < INVENTORIES; time += 1) {
      agent.send({ mcpInventory: { servers: [{ name: `server-${time}` }] } });
    }
    agent.event('behind-the-last');
    await agent.verdict('behind-the-last');
    agent.send({ mcpInventory: { servers: [{ name: 'one-too-many' }] } });
    agent.event('behind-one-too-many');
    const waits = 'holdfast_control_owner_waits_total{what="inventory"} 1';
    await eventually(async () => expect(await metrics()).to.include(waits));
    const other = await AgentClient.login(
      server.urls.chat,
      await server.mintKey('admin', 'control'),
      'mcp-2',
    );
    other.event('of-another');
    await other.verdict('of-another');
    await other.cut();
    expect(agent.verdictsOn('behind-one-too-many')).to.deep.equal([]);
    await agent.cut();
  });

  it('are turned away at the upgrade, with 401, by a key of another scope and by none', async () => {
    for (const other of [await server.mintKey('user1', 'chat'), 'hf_nothing']) {
      const { status, headers } = await AgentClient.refused(server.urls.chat, other);
      expect(status).to.equal(401);
      expect(headers['www-authenticate']).to.equal('Bearer');
    }
  });
});
