import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A connection that passes through. */
interface Passing {
  readonly both: readonly Socket[];
  /** How many more bytes of the server's answers pass before it breaks. */
  left: number;
}

/** What stands between a client and a server, or several in turn, and cuts connections where a test wants it to. */
export class TcpProxy {
  /** How many bytes of the server's answers a new connection passes before it breaks. */
  cutAfterBytes: () => number = () => Number.POSITIVE_INFINITY;
  /** How many connections have been taken. */
  taken = 0;
  /** How many have been cut. */
  cuts = 0;
  #port: number;
  readonly #server: Server;
  readonly #open = new Set<Passing>();

  constructor(target: string) {
    this.#port = Number(new URL(target).port);
    this.#server = createServer((socket) => this.#pass(socket));
  }

  /** Listens on a free port of the loopback and returns the address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on new connections go there. */
  leadTo(target: string): void {
    this.#port = Number(new URL(target).port);
  }

  /** Cuts every connection that is open, without a word to either side. */
  cut(): void {
    for (const passing of [...this.#open]) this.#break(passing);
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: Socket): void {
    this.taken += 1;
    const server = connect(this.#port, '127.0.0.1');
    const passing: Passing = { both: [client, server], left: this.cutAfterBytes() };
    this.#open.add(passing);
    for (const socket of passing.both) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(passing);
        for (const one of passing.both) one.destroy();
      });
    }
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => {
      client.write(bytes.subarray(0, Math.max(0, passing.left)));
      passing.left -= bytes.length;
      if (passing.left <= 0) this.#break(passing);
    });
    client.on('end', () => server.end());
    server.on('end', () => client.end());
  }

  #break(passing: Passing): void {
    if (!this.#open.delete(passing)) return;
    this.cuts += 1;
    for (const socket of passing.both) socket.resetAndDestroy();
  }
}
