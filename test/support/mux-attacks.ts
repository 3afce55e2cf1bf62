import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { CONNECTION } from '../../src/adapters/inbound/ws/mux/frame.ts';
import { frameOf } from '../../src/adapters/inbound/ws/mux/write-frame.ts';
import { handleOf, MuxClient } from './mux-client.ts';
import type { RunningServer } from './running-server.ts';

const CONNECTIONS = 3;
const KIB = 1_024;

/** Something that somebody does to fill a server's memory; it holds on to what it has opened until it is let go. */
export type Attack = (server: RunningServer, token: string) => Promise<() => Promise<void>>;

async function connectAll(server: RunningServer, token: string): Promise<MuxClient[]> {
  const clients: MuxClient[] = [];
  while (clients.length < CONNECTIONS) clients.push(await MuxClient.connect(server.urls.chat, token));
  return clients;
}

const letGo = (clients: readonly MuxClient[]) => async (): Promise<void> => {
  for (const { socket, closed } of clients) {
    socket.terminate();
    await closed;
  }
};

/** Waits until everything has been written, or nobody takes it any more. */
async function sendAll(client: MuxClient, messages: number, message: Buffer): Promise<void> {
  const { socket } = client;
  for (let sent = 0; sent < messages && socket.readyState === WebSocket.OPEN; sent += 1) {
    const written = new Promise<void>((resolve) => socket.send(message, () => resolve()));
    if (sent % 100 === 99) await Promise.race([written, client.closed]);
  }
}

/** What a client could do to a server's memory, by what it is called. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'a flood of messages in': async (server, token) => {
    const clients = await connectAll(server, token);
    for (const client of clients) {
      const { handle } = await client.open('echo');
      await sendAll(client, 1_000, frameOf(handleOf(handle), 'DATA', Buffer.alloc(KIB)));
    }
    return letGo(clients);
  },
  'a flood of messages out to a client that takes nothing': async (server, token) => {
    const clients = await connectAll(server, token);
    for (const client of clients) {
      const opened = [];
      while (opened.length < 10) opened.push(await client.open('echo', { window: 2 ** 31 - 1 }));
      client.socket.pause();
      for (const { handle } of opened)
        await sendAll(client, 4, frameOf(handleOf(handle), 'DATA', Buffer.alloc(60 * KIB)));
    }
    return letGo(clients);
  },
  'readers that grant nothing more': async (server, token) => {
    const clients = await connectAll(server, token);
    for (const client of clients) {
      const opened = [];
      while (opened.length < 10) opened.push(await client.open('echo', { window: 65_536 }));
      for (const { handle } of opened)
        await sendAll(client, 4, frameOf(handleOf(handle), 'DATA', Buffer.alloc(60 * KIB)));
    }
    return letGo(clients);
  },
  'a storm of OPENs': async (server, token) => {
    const clients = await connectAll(server, token);
    const payload = Buffer.from(JSON.stringify({ ref: 'r', kind: 'echo' }));
    for (const client of clients) await sendAll(client, 500, frameOf(CONNECTION, 'OPEN', payload));
    return letGo(clients);
  },
  'messages in fragments of one byte': async (server, token) => {
    const clients = await connectAll(server, token);
    for (const { socket } of clients) {
      for (let sent = 0; sent < 20_000 && socket.readyState === WebSocket.OPEN; sent += 1) {
        socket.send(Buffer.alloc(1), { fin: false });
        if (sent % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return letGo(clients);
  },
  'upgrades that are never finished': async (server) => {
    const port = Number(new URL(server.urls.chat).port);
    const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.write(`GET /ws/mux HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ${'x'.repeat(4 * KIB)}`);
    }
    return async () => {
      for (const socket of sockets) socket.destroy();
    };
  },
  'a flood of pings': async (server, token) => {
    const clients = await connectAll(server, token);
    for (const client of clients) {
      client.socket.pause();
      for (let sent = 0; sent < 5_000 && client.socket.readyState === WebSocket.OPEN; sent += 1)
        client.socket.ping(Buffer.alloc(100));
      await sendAll(client, 500, frameOf(CONNECTION, 'PING', Buffer.alloc(64)));
    }
    return letGo(clients);
  },
};
