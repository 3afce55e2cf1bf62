import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { UNAVAILABLE_RETRY_MS } from '../../../src/adapters/inbound/ws/mux/mux-refusal.ts';
import type { OpenedPayload } from '../../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { ApiClient } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { MuxClient } from '../../support/mux-client.ts';
import { redisUrl } from '../../support/redis.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

/** Nobody is refused for being too quick, or for having too many connections. */
const FLAGS = [
  '--websocket-multiplexing-echo',
  '--websocket-multiplexing-max-connections-per-principal',
  '1000',
  '--websocket-multiplexing-connection-attempts',
  '100000/min',
];
/** Connections that race, half of them on each node. */
const RACING = 150;
/** The `requestBudget`, and what a busy machine may add to it until the client has read the answer, in milliseconds. */
const BUDGET_MS = 5_000;
const ALLOWANCE_MS = 3_000;

describe('resumes of one session by one token, all at once on two nodes', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let mongo: TemporaryMongo;
  const nodes: RunningServer[] = [];
  const clients: MuxClient[] = [];
  let owner: ApiClient;

  before(async () => {
    mongo = await temporaryMongo();
    const env = { ...sharedKeys(folder), MONGODB_URL: mongo.url, REDIS_URL: await redisUrl() };
    const flags = [...FLAGS, '--request-budget', `${BUDGET_MS}ms`];
    nodes.push(await RunningServer.start(['--demo', ...flags], join(folder, 'here'), env));
    nodes.push(await RunningServer.start(flags, join(folder, 'there'), env));
    owner = await ApiClient.login((nodes[0] as RunningServer).urls, 'user1', 'User1@123');
  });
  after(async () => {
    for (const { socket } of clients) socket.terminate();
    for (const node of nodes) await node.dispose();
    await mongo.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function connect(place: number): Promise<MuxClient> {
    const { urls } = nodes[place % nodes.length] as RunningServer;
    const client = await MuxClient.connect(urls.chat, owner.token);
    clients.push(client);
    return client;
  }

  /** Whether a connection has been told that its copy is not the one any more. */
  const hasLost = (client: MuxClient, { handle: lost }: OpenedPayload): boolean =>
    client.received.some(
      ({ name, handle, json: said }) => name === 'CLOSE' && handle === lost && said.code === 4501,
    );

  it('are each answered in time, and one copy is open in the end', async () => {
    const { sessionId, resumeToken } = await (await connect(0)).open('echo');
    const resume = { sessionId, token: resumeToken, offset: 0 };
    const racers: MuxClient[] = [];
    for (let number = 0; number < RACING; number += 1) racers.push(await connect(number));
    const fromMs = performance.now();
    const answers = await Promise.all(
      racers.map(async (client) => {
        const answer = await client.ask('echo', { resume });
        return { client, answer, tookMs: performance.now() - fromMs };
      }),
    );
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).to.be.below(BUDGET_MS + ALLOWANCE_MS);
    const opened = answers.flatMap(({ client, answer: { name, json } }) =>
      name === 'OPENED' ? [{ client, answer: json as OpenedPayload }] : [],
    );
    for (const { answer } of answers) {
      if (answer.name === 'OPENED') continue;
      expect(answer.json).to.include({ code: 'unavailable', retryAfterMs: UNAVAILABLE_RETRY_MS });
    }
    const epochs = opened.map(({ answer }) => answer.epoch);
    expect(new Set(epochs).size, 'each in an epoch of its own').to.equal(opened.length);
    expect(opened.length).to.be.at.least(1);
    // What was answered too late may have taken the session and let it go again: who is told so comes again by himself.
    for (const { client, answer } of answers) {
      if (answer.name === 'OPENED') continue;
      opened.push({ client, answer: await client.open('echo', { resume }) });
    }
    const newest = Math.max(...opened.map(({ answer }) => answer.epoch));
    const last = opened.find(({ answer }) => answer.epoch === newest);
    await eventually(async () => {
      const holders = opened.filter(({ client, answer }) => !hasLost(client, answer));
      expect(holders).to.deep.equal([last]);
    });
    const { client, answer } = last as (typeof opened)[number];
    client.send(answer.handle, 'DATA', Buffer.from('mine'));
    expect((await client.on(answer.handle, 'DATA')).bytes.toString()).to.equal('mine');
  });
});
