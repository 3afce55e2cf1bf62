import {
  CONNECTION,
  FRAMES,
  type Handle,
  HEADER_BYTES,
  LENGTH_BYTES,
} from '../../src/adapters/inbound/ws/mux/frame.ts';
import { frameOf } from '../../src/adapters/inbound/ws/mux/write-frame.ts';
import { DEFAULT_WINDOW_BYTES } from '../../src/domain/multiplexing/credit-window.ts';
import { startConfigured } from './configured-server.ts';
import type { LinkOptions, MuxLink, MuxParty, OnEcho } from './mux-party.ts';
import { postRequest, RawClient } from './raw-client.ts';
import { BINARY, maskedMessage, type OnMessage, RawWebSocket } from './raw-web-socket.ts';

const PASSWORD = 'a password for the bench';
/** What a client grants a session unless it says otherwise: the largest window, and more than a round sends but by a flood. */
export const ENOUGH_BYTES = 2 ** 31 - 1;
/** OPENs that are under way together on one connection. */
const OPENING_AT_ONCE = 50;

/** How a bench wants the server to be. */
export interface HoldfastOptions {
  readonly principals?: number;
  readonly batch?: boolean;
  readonly withoutSafeguards?: boolean;
  /** The greatest weight of a session. */
  readonly weight?: number;
  readonly maxSessionsPerConnection?: number;
  /** Arguments of Node.js itself, such as those of its profiler. */
  readonly nodeArgs?: readonly string[];
}

/** The real server, with the limits that a bench has to exceed raised by its configuration, and all of them enforced. */
export async function startHoldfast(options: HoldfastOptions = {}): Promise<MuxParty> {
  const { withoutSafeguards, nodeArgs } = options;
  const flags = withoutSafeguards ? ['--without-safeguards'] : [];
  const { pid, url, memory, stop } = await startConfigured(
    ['bench/peers/holdfast-mux.ts', ...flags],
    { websocket: { multiplexing: raisedLimits(options) } },
    nodeArgs,
  );
  const port = Number(new URL(url).port);
  const tokens = await logIn(port, options.principals ?? 1);
  return {
    pid,
    connect: (asked) => openLink(port, tokens[asked.principal ?? 0] ?? '', asked, options.batch ?? false),
    memory,
    stop,
  };
}

/** More than the load asks for. */
const raisedLimits = ({ weight = 10, maxSessionsPerConnection = 100 }: HoldfastOptions) => ({
  echo: true,
  rateLimitPerSession: '10000000/s',
  burstPerSession: 1_000_000,
  rateLimitPerConnection: '10000000/s',
  opensPerPrincipal: '10000000/s',
  openBurst: 1_000_000,
  connectionAttempts: '10000000/min',
  maxConnectionsPerPrincipal: 10_000,
  maxSessionsPerConnection,
  fairQueueWeight: weight,
});

/** Access tokens of so many accounts. */
async function logIn(port: number, principals: number): Promise<string[]> {
  const client = await RawClient.open(port);
  const tokens: string[] = [];
  for (let principal = 0; principal < principals; principal += 1) {
    const username = `bench${principal}`;
    const account = { username, email: `${username}@example.org`, password: PASSWORD };
    const signedUp = await client.ask(postRequest(port, '/api/auth/signup', account));
    if (signedUp.status !== 201) throw new Error(`a sign-up gave ${signedUp.status}: ${signedUp.body}`);
    const { body } = await client.ask(postRequest(port, '/api/auth/login', { username, password: PASSWORD }));
    tokens.push((JSON.parse(body) as { accessToken: string }).accessToken);
  }
  client.close();
  return tokens;
}

async function openLink(port: number, token: string, asked: LinkOptions, batch: boolean): Promise<MuxLink> {
  const socket = await RawWebSocket.open(port, '/ws/mux', [
    `Authorization: Bearer ${token}`,
    `Sec-WebSocket-Protocol: holdfast.mux.v1${batch ? '.batch' : ''}`,
  ]);
  const handles = await openSessions(socket, asked);
  const numbers = new Map(handles.map(({ low }, session) => [low, session]));
  const frame = (session: number, payload: Uint8Array): Buffer =>
    frameOf(handles[session] ?? CONNECTION, 'DATA', payload);
  const message = (session: number, payload: Uint8Array): Buffer =>
    maskedMessage(BINARY, frame(session, payload));
  const link: MuxLink = {
    socket,
    sessions: asked.sessions,
    message,
    together(all) {
      if (!batch) return Buffer.concat(all.map(({ session, payload }) => message(session, payload)));
      const frames = all.map(({ session, payload }) => frame(session, payload));
      const parts = frames.flatMap((one) => [numberOf(one.length), one]);
      return maskedMessage(BINARY, frameOf(CONNECTION, 'BATCH', ...parts));
    },
    source: (session, count) => message(session, Buffer.from(String(count))),
    windows: new Array<number>(asked.sessions).fill(DEFAULT_WINDOW_BYTES),
    grant: (session, bytes) =>
      maskedMessage(BINARY, frameOf(handles[session] ?? CONNECTION, 'CREDIT', numberOf(bytes))),
    onWindow: () => undefined,
    onEcho(take: OnEcho) {
      onFrame(socket, (bytes, start, end) => takeFrame(link, numbers, { bytes, start, end }, take));
    },
  };
  return link;
}

/** Gets each frame, those in BATCHes too. */
function onFrame(socket: RawWebSocket, take: OnMessage): void {
  socket.onMessage = (bytes, start, end) => {
    if (bytes[start + HEADER_BYTES - 1] !== FRAMES.BATCH.type) {
      take(bytes, start, end);
      return;
    }
    for (let at = start + HEADER_BYTES; at < end; ) {
      const from = at + LENGTH_BYTES;
      at = from + bytes.readUInt32BE(at);
      take(bytes, from, at);
    }
  };
}

/** A length or a grant. */
function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @throws Error when it is one that tells of a breach: a bench sends nothing that is refused. */
function takeFrame(
  link: MuxLink,
  numbers: ReadonlyMap<number, number>,
  { bytes, start, end }: { readonly bytes: Buffer; readonly start: number; readonly end: number },
  take: OnEcho,
): void {
  const type = bytes[start + HEADER_BYTES - 1];
  const session = numbers.get(bytes.readUInt32BE(start + 4)) ?? -1;
  if (type === FRAMES.DATA.type) {
    take(session, bytes, start + HEADER_BYTES, end - start - HEADER_BYTES);
  } else if (type === FRAMES.CREDIT.type) {
    link.windows[session] = (link.windows[session] ?? 0) + bytes.readUInt32BE(start + HEADER_BYTES);
    link.onWindow();
  } else if (type === FRAMES.ERROR.type || type === FRAMES.CLOSE.type)
    throw new Error(`refused: ${bytes.toString('latin1', start + HEADER_BYTES, end)}`);
}

/** Opens the sessions of a connection, some at a time. */
async function openSessions(socket: RawWebSocket, asked: LinkOptions): Promise<Handle[]> {
  const handles: Handle[] = [];
  let next = 0;
  const ask = (): void => {
    if (next >= asked.sessions) return;
    const weight = asked.weights?.[next];
    const isSource = asked.sources?.includes(next) ?? false;
    const open = {
      ref: String(next),
      kind: isSource ? 'source' : 'echo',
      window: (isSource ? asked.sourceWindow : undefined) ?? asked.window ?? ENOUGH_BYTES,
      ...(weight === undefined ? {} : { weight }),
    };
    const payload = Buffer.from(JSON.stringify(open));
    socket.write(maskedMessage(BINARY, frameOf(CONNECTION, 'OPEN', payload)));
    next += 1;
  };
  if (asked.sessions === 0) return handles;
  await new Promise<void>((resolve, reject) => {
    let waiting = asked.sessions;
    const takeOpened = (bytes: Buffer, start: number, end: number): void => {
      const json = JSON.parse(bytes.toString('utf8', start + HEADER_BYTES, end)) as Record<string, string>;
      if (bytes[start + HEADER_BYTES - 1] !== FRAMES.OPENED.type) reject(new Error(JSON.stringify(json)));
      const { handle = '' } = json;
      const [high, low] = [handle.slice(0, 8), handle.slice(8)].map((part) => Number.parseInt(part, 16));
      handles[Number(json.ref)] = { high: high ?? 0, low: low ?? 0 };
      waiting -= 1;
      if (waiting === 0) resolve();
      else ask();
    };
    onFrame(socket, takeOpened);
    for (let count = 0; count < OPENING_AT_ONCE; count += 1) ask();
  });
  return handles;
}
