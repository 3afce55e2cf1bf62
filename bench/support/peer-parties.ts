import { memoryOf } from './memory.ts';
import type { LinkOptions, MuxLink, MuxParty, OnEcho } from './mux-party.ts';
import { firstMessage, SERVER_CORE, spawnPinned, stop } from './process.ts';
import { BINARY, maskedMessage, RawWebSocket, TEXT } from './raw-web-socket.ts';

/** A peer's program, which says its port and sends back what comes. */
async function startPeer(
  program: string,
  open: (port: number, options: LinkOptions) => Promise<MuxLink>,
): Promise<MuxParty> {
  const child = spawnPinned(SERVER_CORE, process.execPath, [program]);
  const { port } = await firstMessage<{ port: number }>(child);
  return {
    pid: child.pid ?? 0,
    connect: (options) => open(port, options),
    memory: () => memoryOf(child),
    stop: () => stop(child),
  };
}

const withoutWindows = (sessions: number): Pick<MuxLink, 'windows' | 'grant' | 'onWindow'> => ({
  windows: new Array<number>(sessions).fill(Number.POSITIVE_INFINITY),
  grant: () => Buffer.alloc(0),
  onWindow: () => undefined,
});

/** A bare `ws` server: a connection knows no sessions, and its messages are only what would be their payloads. */
export const startBareWs = (): Promise<MuxParty> =>
  startPeer('bench/peers/bare-ws.ts', async (port, { sessions }) => {
    const socket = await RawWebSocket.open(port, '/');
    const message = (_session: number, payload: Uint8Array): Buffer => maskedMessage(BINARY, payload);
    return {
      socket,
      sessions,
      message,
      together: (all) => Buffer.concat(all.map(({ session, payload }) => message(session, payload))),
      ...withoutWindows(sessions),
      source: () => Buffer.alloc(0),
      onEcho(take: OnEcho) {
        socket.onMessage = (bytes, start, end) => take(0, bytes, start, end - start);
      },
    };
  });

/** Socket.IO on its own wire protocol, a namespace a session. */
export const startSocketIo = (): Promise<MuxParty> =>
  startPeer('bench/peers/socketio-echo.ts', async (port, { sessions }) => {
    const socket = await RawWebSocket.open(port, '/socket.io/?EIO=4&transport=websocket');
    await openNamespaces(socket, sessions);
    const before = (session: number): string => `42/${session},["m","`;
    const message = (session: number, payload: Uint8Array): Buffer =>
      maskedMessage(TEXT, Buffer.from(`${before(session)}${Buffer.from(payload).toString('latin1')}"]`));
    return {
      socket,
      sessions,
      message,
      together: (all) => Buffer.concat(all.map(({ session, payload }) => message(session, payload))),
      ...withoutWindows(sessions),
      source: (session, count) => maskedMessage(TEXT, Buffer.from(`42/${session},["s",${count}]`)),
      onEcho(take: OnEcho) {
        socket.onMessage = (bytes, start, end) => takePacket(socket, bytes, start, end, take);
      },
    };
  });

const PING = 0x32;
const MESSAGE = 0x34;
const EVENT = 0x32;
const COMMA = 0x2c;
const ZERO = 0x30;

/** `42/12,["m","…"]`: a message, an event, its namespace and its arguments. */
function takePacket(socket: RawWebSocket, bytes: Buffer, start: number, end: number, take: OnEcho): void {
  if (bytes[start] === PING) socket.write(maskedMessage(TEXT, Buffer.from('3')));
  if (bytes[start] !== MESSAGE || bytes[start + 1] !== EVENT) return;
  let session = 0;
  let at = start + 3;
  for (; bytes[at] !== COMMA; at += 1) session = session * 10 + (bytes[at] ?? 0) - ZERO;
  const from = at + '["m","'.length + 1;
  take(session, bytes, from, end - '"]'.length - from);
}

/** Opens one namespace after another has been asked for, and waits until all are there. */
function openNamespaces(socket: RawWebSocket, sessions: number): Promise<void> {
  return new Promise((resolve) => {
    let waiting = sessions;
    socket.onMessage = (bytes, start, end) => {
      const text = bytes.toString('latin1', start, end);
      if (text.startsWith('0')) {
        for (let session = 0; session < sessions; session += 1)
          socket.write(maskedMessage(TEXT, Buffer.from(`40/${session},`)));
        if (sessions === 0) socket.write(maskedMessage(TEXT, Buffer.from('40')));
      } else if (text === '2') socket.write(maskedMessage(TEXT, Buffer.from('3')));
      else if (text.startsWith('40')) {
        waiting -= 1;
        if (waiting <= 0) resolve();
      }
    };
  });
}
