import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocket } from 'ws';
import { SeededRandom } from '../simulation/world/seeded-random.ts';
import { Marks, type Stray } from './marks.ts';

const CLIENTS = 10;
/** How long what was sent may take to come, in milliseconds. */
const PATIENCE_MS = 5_000;

/** What somebody learns who reads another's traffic once: enough to be him. */
interface Leaked {
  pid: string;
  offset: string;
}

/** One client on the wire of Socket.IO; everything that it gets is looked at as its own. */
class Client {
  readonly leaked: Leaked = { pid: '', offset: '' };
  readonly #url: string;
  readonly #name: string;
  readonly #take: (payload: string) => void;
  #socket: WebSocket | undefined;

  constructor(url: string, name: string, take: (payload: string) => void) {
    this.#url = url;
    this.#name = name;
    this.#take = take;
  }

  /** Connects, as itself or as whoever's secrets it shows. */
  connect(as: Partial<Leaked> = {}): Promise<void> {
    const socket = new WebSocket(`${this.#url}/socket.io/?EIO=4&transport=websocket`);
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data) => {
        const packet = String(data);
        if (packet === '2') socket.send('3');
        else if (packet.startsWith('0')) socket.send(`40${JSON.stringify({ name: this.#name, ...as })}`);
        else if (packet.startsWith('40')) {
          this.leaked.pid = (JSON.parse(packet.slice(2)) as { pid: string }).pid;
          resolve();
        } else if (packet.startsWith('42')) {
          const [, payload, offset] = JSON.parse(packet.slice(2)) as [string, string, string];
          this.leaked.offset = offset;
          this.#take(payload);
        }
      });
    });
  }

  /** Loses its connection. */
  cut(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.terminate();
    });
  }
}

/**
 * The hunt for strays on Socket.IO with connection state recovery, whose sessions are whoever's knows their ids: clients
 * are sent messages of their own, lose their connections and come back, and now and then one shows another's ids.
 */
export async function huntStraysOnSocketIo(
  seed: number,
  messages: number,
): Promise<{ readonly arrived: number; readonly strayed: number; readonly strays: readonly Stray[] }> {
  const random = new SeededRandom(seed);
  const marks = new Marks();
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], connectionStateRecovery: {} });
  io.on('connection', (socket) => {
    if (!socket.recovered) void socket.join(`room of ${String(socket.handshake.auth.name)}`);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const names = Array.from({ length: CLIENTS }, (_, number) => `client-${number}`);
  const clients = names.map((name) => new Client(url, name, (payload) => marks.take(name, payload)));
  for (const name of names) marks.own(name, name);
  try {
    for (const client of clients) await client.connect();
    for (let sent = 0; sent < messages; sent += 1) {
      const victim = random.whole(0, CLIENTS - 1);
      io.to(`room of ${names[victim]}`).emit('m', marks.payloadOf(names[victim] as string, sent));
      if (!random.chance(0.02)) continue;
      const { leaked } = clients[victim] as Client;
      await clients[victim]?.cut();
      const thief = random.chance(0.5) ? clients[(victim + 1) % CLIENTS] : clients[victim];
      await thief?.cut();
      await thief?.connect(leaked);
    }
    const until = performance.now() + PATIENCE_MS;
    while (marks.strayed === 0 && performance.now() < until)
      await new Promise((resolve) => setImmediate(resolve));
    return marks;
  } finally {
    for (const client of clients) await client.cut();
    await io.close();
  }
}
