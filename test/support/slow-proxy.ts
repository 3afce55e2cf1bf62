import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy before a server that lets everything through, later than it came when a test wants it to. */
export class SlowProxy {
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** How much later the server hears, in milliseconds. */
  delayMs = 0;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((socket) => this.#connected(socket));
  }

  /** Listens on a free port of the loopback. */
  static async before(target: string): Promise<SlowProxy> {
    const proxy = new SlowProxy(new URL(target));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The server's URL, by way of the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return url.href;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    server.on('data', (data) => client.write(data));
    let last = Promise.resolve();
    client.on('data', (data) => {
      const arrived = new Promise((resolve) => setTimeout(resolve, this.delayMs));
      last = Promise.all([last, arrived]).then(() => void server.write(data));
    });
  }
}
