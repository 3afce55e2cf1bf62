import { once } from 'node:events';
import {
  request as ask,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pair } from './certificates.ts';

/** Longest wait for a node's connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 1_000;

/**
 * What stands before a fleet: it terminates TLS, gives each request to the next node in turn whoever sent it, passes
 * upgrades and unfinished answers on as they come, and says in headers whom it asks for. A node that takes no connection
 * is passed over.
 */
export class Balancer {
  #ports: readonly number[] = [];
  #turn = 0;
  readonly #server;
  readonly #sockets = new Set<Duplex>();

  constructor({ cert, key }: Pair) {
    this.#server = createServer({ cert, key }, (request, answer) => void this.#pass(request, answer));
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  /** Listens on a free port of the loopback and returns the address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on requests go to these. Those that are under way stay where they are. */
  balanceBetween(urls: readonly string[]): void {
    this.#ports = urls.map((url) => Number(new URL(url).port));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** All nodes, beginning with the one whose turn it is. */
  #inTurn(): number[] {
    const first = this.#turn % Math.max(1, this.#ports.length);
    this.#turn += 1;
    return [...this.#ports.slice(first), ...this.#ports.slice(0, first)];
  }

  /** The whole body is read first, so that it can be sent to another node when one takes no connection. */
  async #pass(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    for (const port of this.#inTurn()) {
      if (await forward(request, body, answer, port)) return;
    }
    answer.writeHead(502).end();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#keep(socket);
    const [port = 0] = this.#inTurn();
    const node = connect(port, '127.0.0.1');
    this.#keep(node);
    node.once('connect', () => {
      const lines = Object.entries(forwarded(request)).flatMap(([name, value]) =>
        [value ?? []].flat().map((one) => `${name}: ${one}`),
      );
      node.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      node.write(head);
      node.pipe(socket).pipe(node);
    });
    node.once('close', () => socket.destroy());
    socket.once('close', () => node.destroy());
  }
}

/** What a proxy tells the server behind it; whatever a client says of its own way is thrown away. */
function forwarded({ headers, socket }: IncomingMessage): IncomingHttpHeaders {
  const { forwarded: _claimed, ...sent } = headers;
  return { ...sent, 'x-forwarded-for': socket.remoteAddress, 'x-forwarded-proto': 'https' };
}

/** Asks one node and passes its answer on as it comes; false when the node takes no connection. */
function forward(
  request: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
  port: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const { method, url: path } = request;
    const asked = ask({ host: '127.0.0.1', port, agent: false, method, path, headers: forwarded(request) });
    let isConnected = false;
    const giveUp = setTimeout(() => !isConnected && asked.destroy(), CONNECT_TIMEOUT_MS);
    const onConnected = (): void => {
      isConnected = true;
      clearTimeout(giveUp);
    };
    asked.once('socket', (socket) =>
      socket.connecting ? socket.once('connect', onConnected) : onConnected(),
    );
    asked.once('response', (response) => {
      resolve(true);
      answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
      answer.flushHeaders();
      response.pipe(answer);
      response.once('close', () => {
        if (!response.complete) answer.destroy();
      });
    });
    asked.once('error', () => {
      clearTimeout(giveUp);
      resolve(isConnected);
      if (isConnected) answer.destroy();
    });
    answer.once('close', () => asked.destroy());
    asked.end(body);
  });
}
