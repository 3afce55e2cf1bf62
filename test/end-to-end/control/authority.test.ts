import { expect } from 'chai';
import { DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { type AgentKey, agentKey, decide, reviewOf, setPolicy } from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { eventOf, logInAgent, loginOf, openAgent } from '../../support/mux-agent.ts';
import { MuxClient } from '../../support/mux-client.ts';
import { RunningServer } from '../../support/running-server.ts';

/** How long a key lives that is to expire while it is in use, in milliseconds. */
const SHORT_LIFE_MS = 3_000;
/** How much later than a key's end its sessions may be closed, in milliseconds, on a machine that is busy. */
const SOON_MS = 2_500;

describe('the authority of an agent’s multiplexed session', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  let reviewer: ApiClient;
  /** Opens connections, and has no session that is looked at here. */
  let carrier: AgentKey;
  const clients: MuxClient[] = [];

  const keyOf = (agent?: string, expiresAtMs?: number): Promise<AgentKey> =>
    agentKey(admin, agent, 'admin@admin', ['control', 'mux'], expiresAtMs);
  const connect = async (key: string): Promise<MuxClient> => {
    const mux = await MuxClient.connect(server.urls.chat, key);
    clients.push(mux);
    return mux;
  };
  const revoke = ({ id }: AgentKey) => admin.send('auth', 'DELETE', `/api/keys/${id}`, undefined);
  /** Resolves once a key opens nothing any more. */
  const expired = ({ key }: AgentKey) =>
    eventually(async () => {
      const refusal = await MuxClient.connect(server.urls.chat, key).then(
        ({ socket }) => socket.terminate(),
        (error: Error) => error.message,
      );
      expect(refusal).to.contain('401');
    }, SHORT_LIFE_MS + SOON_MS);

  before(async () => {
    server = await RunningServer.start(['--demo', '--log-level', 'warn']);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    reviewer = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    carrier = await keyOf('carrier');
  });
  after(() => server.dispose());
  beforeEach(() => setPolicy(admin, { mode: 'block' }));
  afterEach(() => {
    for (const { socket } of clients.splice(0)) socket.terminate();
  });

  it('is renewed by another key of its profile, whose acts they are from then on, and outlives the first', async () => {
    const [first, second] = [await keyOf('renewed'), await keyOf('renewed')];
    const agent = await logInAgent(await connect(carrier.key), 'renewed', { credential: first.key });
    const { name, json } = await agent.auth(second.key);
    expect([name, json.expiresAt]).to.deep.equal(['AUTHED', null]);
    expect(json.permissions).to.include.members(['control.connect', 'mux.open']);
    await revoke(first);
    agent.send(eventOf('renewed-1', { ...DANGEROUS, sessionId: 'another' }));
    await agent.verdict('renewed-1');
    await eventually(async () => {
      const { body } = await admin.get('auth', '/api/audit');
      const differ = body.records.filter(({ act }: { act: string }) => act === 'event.claims_differ');
      expect(differ.map(({ actor }: { actor: string }) => actor)).to.deep.equal([`key:${second.id}`]);
    });
  });

  it('says when its key expires, ends then with 4010 alone, and what waited comes to who takes it back', async () => {
    await setPolicy(admin, { mode: 'hitl' });
    const expiresAtMs = Date.now() + SHORT_LIFE_MS;
    const short = await keyOf('expiring', expiresAtMs);
    const mux = await connect(carrier.key);
    const sibling = await logInAgent(mux, 'sibling', { credential: (await keyOf('sibling')).key });
    const agent = await logInAgent(mux, 'expiring', { credential: short.key });
    expect([agent.expiresAt, sibling.expiresAt]).to.deep.equal([expiresAtMs, null]);
    agent.send(eventOf('expiring-1', DANGEROUS));
    await reviewOf(reviewer, 'expiring-1');
    expect((await mux.on(agent.handle, 'CLOSE')).json.code).to.equal(4010);
    expect(Date.now()).to.be.within(expiresAtMs, expiresAtMs + SOON_MS);
    sibling.send(eventOf('sibling-1'));
    await sibling.verdict('sibling-1');
    expect((await decide(reviewer, 'expiring-1', 'approve')).status).to.equal(200);
    const resume = { sessionId: agent.sessionId, token: agent.resumeToken, offset: 1 };
    const refused = await mux.ask('control', { credential: short.key, resume });
    expect(refused.json.code).to.equal('auth.expired');
    const back = await openAgent(mux, { credential: (await keyOf('expiring')).key, resume });
    back.send(loginOf('expiring'));
    const { json } = await back.verdict('expiring-1');
    expect(json.verdict.hitl).to.deep.equal({ continueExecution: true });
  });

  it('goes on past the end of a key when another one was shown in time', async () => {
    const short = await keyOf('in-time', Date.now() + SHORT_LIFE_MS);
    const agent = await logInAgent(await connect(carrier.key), 'in-time', { credential: short.key });
    expect((await agent.auth((await keyOf('in-time')).key)).name).to.equal('AUTHED');
    await expired(short);
    agent.send(eventOf('in-time-1'));
    await agent.verdict('in-time-1');
    expect(agent.mux.received.filter(({ name }) => name === 'CLOSE')).to.deep.equal([]);
  });

  it('stays what it was when a credential is shown that is another’s, a person’s, ended or none', async () => {
    const own = await keyOf('steady');
    const ended = await keyOf('steady');
    await revoke(ended);
    const agent = await logInAgent(await connect(own.key), 'steady');
    for (const [credential, code] of [
      [(await keyOf('other')).key, 'auth.other_principal'],
      [(await keyOf()).key, 'auth.other_principal'],
      [admin.token ?? '', 'auth.other_principal'],
      [ended.key, 'auth.expired'],
      ['nonsense', 'auth.invalid'],
    ] as const) {
      expect((await agent.auth(credential)).json.code, code).to.equal(code);
    }
    agent.send(eventOf('steady-1'));
    await agent.verdict('steady-1');
  });

  it('does nothing by a key of its profile without the scope mux, until it is shown one that has it', async () => {
    const own = await keyOf('scoped');
    const narrow = await agentKey(admin, 'scoped');
    const agent = await logInAgent(await connect(own.key), 'scoped');
    const { name, json } = await agent.auth(narrow.key);
    expect([name, json.permissions]).to.deep.equal(['AUTHED', ['control.connect']]);
    agent.send(eventOf('scoped-1'));
    expect((await agent.mux.on(agent.handle, 'ERROR')).json.code).to.equal('session.forbidden');
    expect((await agent.auth(own.key)).name).to.equal('AUTHED');
    agent.send(eventOf('scoped-2'));
    await agent.verdict('scoped-2');
    const { body } = await reviewer.get('chat', '/api/events?sessionId=scoped');
    expect(body.events.map(({ eventId }: { eventId: string }) => eventId)).to.deep.equal(['scoped-2']);
  });

  it('ends with 4401 alone when its key is revoked, and its connection’s is not', async () => {
    const own = await keyOf('revoked');
    const mux = await connect(carrier.key);
    const sibling = await logInAgent(mux, 'beside');
    const agent = await logInAgent(mux, 'revoked', { credential: own.key });
    await revoke(own);
    expect((await mux.on(agent.handle, 'CLOSE')).json.code).to.equal(4401);
    sibling.send(eventOf('beside-1'));
    await sibling.verdict('beside-1');
  });

  it('needs a key of its own where that of its connection has expired, which closes nothing and can be renewed', async () => {
    const short = await keyOf('connecting', Date.now() + SHORT_LIFE_MS);
    const mux = await connect(short.key);
    const own = (await keyOf('connecting')).key;
    const agent = await logInAgent(mux, 'connecting', { credential: own });
    await expired(short);
    expect((await mux.ask('control')).json.code).to.equal('auth.expired');
    await logInAgent(mux, 'connecting-2', { credential: own });
    mux.send(undefined, 'AUTH', { credential: own });
    expect((await mux.next(({ name }) => name === 'AUTHED')).handle).to.equal('0'.repeat(16));
    await logInAgent(mux, 'connecting-3');
    agent.send(eventOf('connecting-1'));
    await agent.verdict('connecting-1');
  });

  it('is refused to whoever is no agent, at the opening and by a key that is not meant for it', async () => {
    const mux = await connect(carrier.key);
    for (const credential of [admin.token, reviewer.token, (await agentKey(admin, 'narrow')).key]) {
      expect((await mux.ask('control', { credential })).json.code).to.equal('session.forbidden');
    }
  });
});
