import { expect } from 'chai';
import { AgentClient, BENIGN, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import {
  type AgentKey,
  agentKey,
  decide,
  expectConflict,
  reviewOf,
  setPolicy,
} from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { logInAgent } from '../../support/mux-agent.ts';
import { MuxClient } from '../../support/mux-client.ts';
import { RunningServer } from '../../support/running-server.ts';

/** How long the count of open questions may be old, and a busy machine late, in milliseconds. */
const COUNTED_WITHIN_MS = 20_000;

describe('what an operator measures of agents', function () {
  this.timeout(120_000);
  let server: RunningServer;
  let admin: ApiClient;
  let reviewer: ApiClient;
  let own: AgentKey;

  before(async () => {
    server = await RunningServer.start(['--demo']);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    reviewer = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    own = await agentKey(admin, 'measured', 'admin@admin', ['control', 'mux']);
  });
  after(() => server.dispose());

  /** The value of one sample; 0 where there is none. */
  const metric = async (sample: string): Promise<number> => {
    const text = await (await fetch(`${server.urls.chat}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
    return Number(line?.slice(sample.length + 1) ?? 0);
  };

  it('is what waits for persons, and what they decided', async () => {
    await setPolicy(admin, { mode: 'hitl' });
    const agent = await AgentClient.login(server.urls.chat, own.key, 'asking');
    for (const id of ['m-1', 'm-2', 'm-3']) agent.event(id, DANGEROUS);
    await reviewOf(reviewer, 'm-3');
    const open = (count: number) =>
      eventually(
        async () => expect(await metric('holdfast_control_reviews_open')).to.equal(count),
        COUNTED_WITHIN_MS,
      );
    await open(3);
    await decide(reviewer, 'm-1', 'approve');
    await decide(reviewer, 'm-2', 'reject');
    expect((await decide(reviewer, 'm-2', 'approve')).status).to.equal(409);
    await open(1);
    for (const outcome of ['approved', 'rejected']) {
      expect(await metric(`holdfast_control_reviews_decided_total{outcome="${outcome}"}`), outcome).to.equal(
        1,
      );
    }
    await agent.verdict('m-2');
    expect(await metric('holdfast_control_verdicts_sent_total{how="decided"}')).to.equal(2);
    await agent.cut();
  });

  it('is how long verdicts take, what was sent again, and who was refused', async () => {
    await setPolicy(admin, { mode: 'block' });
    const deaf = await AgentClient.connect(server.urls.chat, own.key, { autoPong: false });
    deaf.logIn('deaf');
    deaf.event('m-4', BENIGN);
    await deaf.verdict('m-4');
    expect(await metric('holdfast_control_verdict_seconds_count')).to.equal(1);
    await expectConflict(server.urls.chat, (await agentKey(admin)).key, 'deaf');
    expect(await metric('holdfast_control_refusals_total{why="owned_by_other"}')).to.equal(1);
    expect(await metric('holdfast_takeovers_refused_total{realm="control",cause="foreign"}')).to.equal(1);
    await deaf.cut();
    const back = await AgentClient.login(server.urls.chat, own.key, 'deaf');
    await back.verdict('m-4');
    expect(await metric('holdfast_control_verdicts_sent_total{how="again"}')).to.be.at.least(1);
    await back.cut();
  });

  it('is what became of events, what they said of themselves, and how connections were closed', async () => {
    const events = (outcome: string) => metric(`holdfast_control_events_total{outcome="${outcome}"}`);
    const [due, none, resent] = [await events('due'), await events('none'), await events('resent')];
    await setPolicy(admin, { mode: 'block' });
    const agent = await AgentClient.login(server.urls.chat, own.key, 'what-became');
    agent.event('m-5', { ...BENIGN, sessionId: 'another' });
    await agent.verdict('m-5');
    agent.event('m-5', { ...BENIGN, sessionId: 'another' });
    await agent.verdict('m-5');
    await setPolicy(admin, { mode: 'alert' });
    await agent.next(({ loginAck }) => loginAck?.policy.mode === 1);
    agent.event('m-6', BENIGN);
    await eventually(async () => expect(await events('none')).to.equal(none + 1));
    expect([await events('due'), await events('resent')]).to.deep.equal([due + 1, resent + 1]);
    expect(await metric('holdfast_control_claims_differ_total')).to.equal(2);
    const closes = 'holdfast_control_closes_total{code="1002"}';
    expect(await metric(closes)).to.equal(0);
    agent.logIn('');
    expect((await agent.closed).code).to.equal(1002);
    expect(await metric(closes)).to.equal(1);
  });

  it('is who is connected at that moment, whichever way', async () => {
    const agent = await AgentClient.login(server.urls.chat, own.key, 'counted');
    const mux = await MuxClient.connect(server.urls.chat, own.key);
    await logInAgent(mux, 'counted-too');
    expect(await metric('holdfast_control_sockets')).to.equal(1);
    expect(await metric('holdfast_control_logged_in')).to.equal(2);
    expect(await metric('holdfast_control_waiting_events')).to.equal(0);
    await agent.cut();
    await eventually(async () => expect(await metric('holdfast_control_logged_in')).to.equal(1));
    mux.socket.terminate();
    await eventually(async () => expect(await metric('holdfast_control_logged_in')).to.equal(0));
  });
});
