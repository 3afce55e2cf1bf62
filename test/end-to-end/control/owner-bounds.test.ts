import { expect } from 'chai';
import { AgentClient, BENIGN, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { agentKey, setPolicy } from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { RunningServer } from '../../support/running-server.ts';
import { type SilentJudge, silentJudge } from '../../support/silent-judge.ts';

/** Events of one agent that may be under way in this server. */
const MOST = 3;
/** How long classifying may take here, in milliseconds: so long what the model is asked about is under way. */
const DEADLINE_MS = 4_000;
/** So long at the least, in milliseconds: a model has eight tenths of it. */
const STALLED_MS = DEADLINE_MS * 0.75;
/** Longer than anything takes that waits for nobody, on a machine that is busy, in milliseconds. */
const AT_ONCE_MS = 2_000;
const KIB = 1_024;

describe('better than the original: what one agent has under way, over all its connections', function () {
  this.timeout(120_000);
  let judge: SilentJudge;
  let server: RunningServer;
  let admin: ApiClient;
  const clients: AgentClient[] = [];

  before(async () => {
    // A model that says at once that it fails where the rules find danger, and nothing else ever: what is harmless is
    // under way until the deadline.
    judge = await silentJudge((request, response) => {
      let asked = '';
      request.on('data', (chunk) => {
        asked += chunk;
        if (asked.includes('rm -rf')) response.writeHead(400).end();
      });
    });
    const bounds = ['--control-events-under-way', String(MOST), '--control-bytes-under-way', '64KB'];
    const deadline = ['--control-verdict-deadline', `${DEADLINE_MS}ms`];
    server = await RunningServer.start(['--demo', ...judge.flags, ...bounds, ...deadline]);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    await setPolicy(admin, { mode: 'block' });
  });
  after(async () => {
    judge?.close();
    await server?.dispose();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.cut();
  });

  const agent = async () => {
    const { key } = await agentKey(admin);
    const connect = async (): Promise<AgentClient> => {
      const client = await AgentClient.login(server.urls.chat, key, `of ${key.slice(-8)}`);
      clients.push(client);
      return client;
    };
    return { connect };
  };
  const kept = (client: AgentClient, eventId: string, sinceMs: number) =>
    client.verdict(eventId).then(() => performance.now() - sinceMs);
  const waits = async (what: 'event' | 'message'): Promise<number> => {
    const text = await (await fetch(`${server.urls.chat}/metrics`)).text();
    const line = text
      .split('\n')
      .find((one) => one.startsWith(`holdfast_control_owner_waits_total{what="${what}"}`));
    return Number(line?.split(' ')[1] ?? 0);
  };

  it('7. bounded queues, per owner: one event below the bound is answered, one above it waits, and another agent’s is answered', async () => {
    const [one, other] = [await agent(), await agent()];
    const own = [await one.connect(), await one.connect(), await one.connect(), await one.connect()] as const;
    const sibling = await other.connect();
    const startedAtMs = performance.now();
    for (const at of [0, 1]) own[at as 0 | 1].event(`slow-${at}`, BENIGN);
    own[2].event('below', DANGEROUS);
    expect(await kept(own[2], 'below', startedAtMs)).to.be.below(AT_ONCE_MS);
    expect(await waits('event')).to.equal(0);
    own[2].event('slow-2', BENIGN);
    await own[2].settled();
    own[3].event('above', DANGEROUS);
    await eventually(async () => expect(await waits('event')).to.equal(1));
    const askedAtMs = performance.now();
    sibling.event('beside', DANGEROUS);
    expect(await kept(sibling, 'beside', askedAtMs)).to.be.below(AT_ONCE_MS);
    expect(own[3].verdictsOn('above')).to.deep.equal([]);
    // It is answered when one of the others has been, and nothing has been lost or closed.
    expect(await kept(own[3], 'above', startedAtMs)).to.be.at.least(STALLED_MS);
    for (const at of [0, 1, 2] as const) expect((await own[at].verdict(`slow-${at}`)).status).to.equal(2);
  });

  it('7. bounded queues, per owner: as many bytes as he may have hold all his connections, and nobody else’s', async () => {
    const [one, other] = [await agent(), await agent()];
    const own = [await one.connect(), await one.connect()] as const;
    const sibling = await other.connect();
    const large = { ...BENIGN, metadataJson: Buffer.alloc(70 * KIB).toString('base64') };
    // The first is larger than all that he may have, and comes in alone; behind the second nothing more is read.
    own[0].event('large-0', large);
    own[0].event('large-1', large);
    await eventually(async () => expect(await waits('message')).to.be.at.least(1));
    own[1].event('held', DANGEROUS);
    const askedAtMs = performance.now();
    sibling.event('beside', DANGEROUS);
    expect(await kept(sibling, 'beside', askedAtMs)).to.be.below(AT_ONCE_MS);
    expect(own[1].verdictsOn('held')).to.deep.equal([]);
    expect((await own[1].verdict('held')).madCode).to.match(/^M[34]/);
    for (const eventId of ['large-0', 'large-1']) expect((await own[0].verdict(eventId)).status).to.equal(2);
  });
});
