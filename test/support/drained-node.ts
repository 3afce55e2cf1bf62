import { join } from 'node:path';
import type { OpenedPayload } from '../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { ApiClient } from './api-client.ts';
import { sharedKeys } from './fleet-settings.ts';
import { temporaryMongo } from './mongodb.ts';
import { MuxClient } from './mux-client.ts';
import { redisUrl } from './redis.ts';
import { RunningServer } from './running-server.ts';

/** Sessions of one connection, and of one owner, who has a key of an agent's each. */
const ON_A_CONNECTION = 100;
const OF_AN_OWNER = 500;
/** How many are opened, and taken back, together, each on so many connections at a time. */
const TOGETHER = 20;
const CONNECTIONS_AT_A_TIME = 2;
const FLAGS = [
  '--websocket-multiplexing-echo',
  '--websocket-multiplexing-connection-attempts',
  '1000000/min',
  '--websocket-multiplexing-max-connections-per-principal',
  '100',
  '--websocket-multiplexing-opens-per-principal',
  '1000000/min',
  '--websocket-multiplexing-open-burst',
  '1000000',
  '--websocket-multiplexing-session-timeout',
  '1h',
];

/** What became of the sessions of a node that was told to stop. */
export interface Drained {
  readonly sessions: number;
  readonly exitCode: number | null;
  /** From the signal to the end of the process, in milliseconds. */
  readonly tookMs: number;
  /** What the process wrote that speaks of a step that failed, or of ends that were not stored. */
  readonly complaints: readonly string[];
  /** How many connections were closed with 4000, after a GOAWAY. */
  readonly told: number;
  readonly connections: number;
  /** How many sessions somebody was still said to be connected to at the node that had gone. */
  readonly stillHeld: number;
  /** How many were taken back at the other node, in their next epoch. */
  readonly resumed: number;
}

interface Opened {
  readonly key: string;
  readonly client: MuxClient;
  readonly sessions: readonly OpenedPayload[];
}

/** Opens sessions on one of two nodes, tells it to stop, and takes every session back at the other. */
export async function drainNode(
  folder: string,
  sessions: number,
  say: (text: string) => void = () => undefined,
): Promise<Drained> {
  const mongo = await temporaryMongo();
  const nodes: RunningServer[] = [];
  try {
    const env = { ...sharedKeys(folder), MONGODB_URL: mongo.url, REDIS_URL: await redisUrl() };
    const here = await RunningServer.start(['--demo', ...FLAGS], join(folder, 'here'), env);
    nodes.push(here);
    const there = await RunningServer.start(FLAGS, join(folder, 'there'), env);
    nodes.push(there);
    const admin = await ApiClient.login(here.urls, 'admin', 'admin@admin');
    const opened = await openMany(here, admin, sessions);
    say(`${sessions} sessions are open`);
    const fromMs = performance.now();
    const exitCode = await here.end('SIGTERM');
    const tookMs = performance.now() - fromMs;
    say(`the node was gone after ${Math.round(tookMs)} ms`);
    const closes = await Promise.all(opened.map(({ client }) => client.closed));
    const isTold = (client: MuxClient): boolean => client.received.some(({ name }) => name === 'GOAWAY');
    const stillHeld = await mongo.client
      .db()
      .collection('subscribers')
      .countDocuments({ 'holders.0': { $exists: true } });
    return {
      sessions,
      exitCode,
      tookMs,
      complaints: here.output
        .split('\n')
        .filter((line) => /step of the shutdown failed|could not be stored/.test(line)),
      told: opened.filter(({ client }, at) => closes[at] === 4000 && isTold(client)).length,
      connections: opened.length,
      stillHeld,
      resumed: await resumeAll(there, opened),
    };
  } finally {
    for (const node of nodes) await node.dispose();
    await mongo.remove();
  }
}

async function openMany(node: RunningServer, admin: ApiClient, sessions: number): Promise<Opened[]> {
  const plans: Array<{ readonly key: string; readonly count: number }> = [];
  let key = '';
  for (let open = 0; open < sessions; open += ON_A_CONNECTION) {
    if (open % OF_AN_OWNER === 0) key = await agentKey(admin);
    plans.push({ key, count: Math.min(ON_A_CONNECTION, sessions - open) });
  }
  return someAtATime(plans, async (plan) => {
    const client = await MuxClient.connect(node.urls.chat, plan.key);
    return { key: plan.key, client, sessions: await together(plan.count, () => client.open('echo')) };
  });
}

async function agentKey(admin: ApiClient): Promise<string> {
  const asked = { name: 'an agent', scopes: ['control', 'mux'], password: 'admin@admin' };
  const { status, body } = await admin.post('auth', '/api/keys', asked);
  if (status !== 201) throw new Error(`no key: ${JSON.stringify(body)}`);
  return body.key as string;
}

async function resumeAll(node: RunningServer, opened: readonly Opened[]): Promise<number> {
  let resumed = 0;
  await someAtATime(opened, async ({ key, sessions }) => {
    const client = await MuxClient.connect(node.urls.chat, key);
    const left = [...sessions];
    await together(sessions.length, async () => {
      const { sessionId, resumeToken, epoch } = left.pop() as OpenedPayload;
      const back = await client.open('echo', { resume: { sessionId, token: resumeToken, offset: 0 } });
      if (back.sessionId === sessionId && back.epoch === epoch + 1) resumed += 1;
    });
    client.socket.terminate();
  });
  return resumed;
}

async function someAtATime<In, Out>(given: readonly In[], act: (one: In) => Promise<Out>): Promise<Out[]> {
  const done: Out[] = [];
  for (let from = 0; from < given.length; from += CONNECTIONS_AT_A_TIME) {
    done.push(...(await Promise.all(given.slice(from, from + CONNECTIONS_AT_A_TIME).map(act))));
  }
  return done;
}

async function together<Out>(count: number, act: () => Promise<Out>): Promise<Out[]> {
  const done: Out[] = [];
  for (let begun = 0; begun < count; begun += TOGETHER) {
    const acts = Array.from({ length: Math.min(TOGETHER, count - begun) }, act);
    done.push(...(await Promise.all(acts)));
  }
  return done;
}
