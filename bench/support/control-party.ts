import { loginMessage } from './agent-frames.ts';
import { startConfigured } from './configured-server.ts';
import { type Memory, memoryOf } from './memory.ts';
import { firstMessage, SERVER_CORE, spawnPinned, stop } from './process.ts';
import { RawWebSocket } from './raw-web-socket.ts';

const ADMIN = { username: 'admin', password: 'admin@admin' };
/** Every verdict is sent. */
const POLICY = { mode: 'block', m0: false, m2: false, m3: true, m4: true, failClosedOnClassifierError: true };

/** More than the load asks for. */
const RAISED_LIMITS = {
  control: {
    eventsPerOwner: '10000000/s',
    eventBurst: 1_000_000,
    loginsPerOwner: '10000000/s',
    loginBurst: 1_000_000,
    socketsPerOwner: 100_000,
  },
  websocket: { multiplexing: { connectionAttempts: '10000000/min' } },
};

/** A server under measurement that agents log in to. */
export interface ControlParty {
  readonly pid: number;
  /** An agent that has logged in to a session of its own; its number decides by which key. */
  logIn(agent: number): Promise<RawWebSocket>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** What a session of a bench is called. */
export const sessionOf = (agent: number): string => `session-${String(agent).padStart(6, '0')}`;

async function logIn(socket: RawWebSocket, agent: number): Promise<RawWebSocket> {
  const acknowledged = new Promise<void>((resolve) => {
    socket.onMessage = () => resolve();
  });
  socket.write(loginMessage(sessionOf(agent)));
  await acknowledged;
  return socket;
}

/** A bare `ws` server that reads events and answers. */
export async function startBareControl(): Promise<ControlParty> {
  const child = spawnPinned(SERVER_CORE, process.execPath, ['bench/peers/bare-control.ts']);
  const { port } = await firstMessage<{ port: number }>(child);
  return {
    pid: child.pid ?? 0,
    logIn: async (agent) => logIn(await RawWebSocket.open(port, '/ws'), agent),
    memory: () => memoryOf(child),
    stop: () => stop(child),
  };
}

/**
 * The real server on the embedded store, with the limits that a bench has to exceed raised by its configuration.
 *
 * @param keys how many agents' profiles there are, with a key each.
 */
export async function startHoldfastControl(
  keys: number,
  nodeArgs: readonly string[] = [],
): Promise<ControlParty> {
  const { pid, url, memory, stop } = await startConfigured(
    ['bench/peers/holdfast-control.ts'],
    RAISED_LIMITS,
    nodeArgs,
  );
  const secrets = await prepare(url, keys);
  const port = Number(new URL(url).port);
  return {
    pid,
    async logIn(agent) {
      const credential = `Authorization: Bearer ${secrets[agent % keys]}`;
      return logIn(await RawWebSocket.open(port, '/ws', [credential]), agent);
    },
    memory,
    stop,
  };
}

/** Decides the policy and makes the keys. */
async function prepare(url: string, keys: number): Promise<string[]> {
  let authorization: string | undefined;
  const ask = async (method: string, path: string, body: unknown): Promise<Record<string, string>> => {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (authorization !== undefined) headers.authorization = authorization;
    const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${text}`);
    return JSON.parse(text) as Record<string, string>;
  };
  const { accessToken } = await ask('POST', '/api/auth/login', ADMIN);
  authorization = `Bearer ${accessToken}`;
  await ask('PUT', '/api/settings/policy', POLICY);
  const secrets: string[] = [];
  for (let key = 0; key < keys; key += 1) {
    const agent = `agent-${key}`;
    const draft = { name: agent, agent, scopes: ['control'], password: ADMIN.password };
    secrets.push((await ask('POST', '/api/keys', draft)).key ?? '');
  }
  return secrets;
}
