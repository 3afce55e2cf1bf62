import { Duplex } from 'node:stream';
import type { Kind, KindSession, SessionOut } from '../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import type { MuxConnection } from '../../src/adapters/inbound/ws/mux/mux-connection.ts';
import type { ClientSocket } from '../../src/adapters/inbound/ws/mux/mux-socket.ts';
import { shownBy } from '../../src/adapters/inbound/ws/mux/show-credential.ts';
import type { Platform, PostAnswer, SocketLike } from '../../src/client/platform/platform.ts';
import { anna, type MuxWorld } from './mux-world.ts';

/** Bytes of a whole unmasked message of a WebSocket: where its payload begins, and where it ends. */
function boundsOf(bytes: Buffer, at: number): readonly [number, number] {
  const short = bytes.readUInt8(at + 1);
  if (short < 126) return [at + 2, at + 2 + short];
  if (short === 126) return [at + 4, at + 4 + bytes.readUInt16BE(at + 2)];
  return [at + 10, at + 10 + Number(bytes.readBigUInt64BE(at + 2))];
}

/** A WebSocket between the client and the server's own connections, in one process. */
class LinkedSocket implements SocketLike {
  binaryType = '';
  readonly bufferedAmount = 0;
  readyState = 1;
  readonly protocol: string;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #server: ClientSocket = {
    listener: undefined,
    ping: () => this.#server.listener?.onPong(),
    pong: () => undefined,
    close: (code) => this.#lose(code),
    terminate: () => this.#lose(1006),
  };
  #isCut = false;

  constructor(protocol: string) {
    this.protocol = protocol;
  }

  /** The server's end of it. */
  ends(): { readonly socket: ClientSocket; readonly stream: Duplex } {
    const stream = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        this.#arrive(Buffer.from(bytes));
        done();
      },
    });
    return { socket: this.#server, stream };
  }

  send(message: Uint8Array): void {
    const copy = Buffer.from(message);
    setImmediate(() => {
      if (!this.#isCut) this.#server.listener?.onMessage(copy, true);
    });
  }

  close(): void {
    this.#lose(1005);
  }

  /** Breaks: what is on its way in either direction is lost. */
  cut(): void {
    this.#lose(1006);
  }

  #arrive(bytes: Buffer): void {
    setImmediate(() => {
      for (let at = 0; at < bytes.length && !this.#isCut; ) {
        const [start, end] = boundsOf(bytes, at);
        this.onmessage?.({ data: new Uint8Array(bytes.subarray(start, end)).buffer });
        at = end;
      }
    });
  }

  #lose(code: number): void {
    // What was written before a close arrives before it.
    const isCut = code === 1006;
    if (isCut) this.#isCut = true;
    setImmediate(() => {
      this.#isCut = true;
      this.readyState = 3;
      this.onclose?.({ code, reason: '' });
      this.onclose = null;
      this.#server.listener?.onSocketClose();
    });
  }
}

/** A client's world whose server is the real connections over a directory in memory, on one manual clock. */
export class LinkedMux implements Platform {
  readonly takesHeaders = true;
  readonly world: MuxWorld;
  readonly links: Array<{ readonly socket: LinkedSocket; readonly connection: MuxConnection }> = [];
  readonly #fraction: () => number;

  constructor(world: MuxWorld, fraction: () => number) {
    this.world = world;
    this.#fraction = fraction;
  }

  nowMs = (): number => this.world.timers.clock.nowMs();
  monotonicMs = (): number => this.world.timers.clock.nowMs();
  fraction = (): number => this.#fraction();
  uuid = (): string => String(this.#fraction());
  post = (): Promise<PostAnswer> => Promise.reject(new Error('no tickets are needed here'));

  after(delayMs: number, act: () => void): () => void {
    const off = new AbortController();
    this.world.timers.sleep(delayMs, off.signal).then(act, () => undefined);
    return () => off.abort();
  }

  connect(_url: string, protocols: readonly string[], headers: Readonly<Record<string, string>>): SocketLike {
    const socket = new LinkedSocket(protocols[0] ?? '');
    const credential = headers.authorization?.replace('Bearer ', '');
    setImmediate(() => {
      const shown = shownBy(anna(), credential);
      const who = { shown, requestId: 'request', network: '192.0.2.1', batch: true };
      const connection = this.world.connections.add({ ...socket.ends(), ...who });
      this.links.push({ socket, connection });
      socket.onopen?.();
    });
    return socket;
  }

  /** The connections that are open. */
  get open(): ReadonlyArray<{ readonly socket: LinkedSocket; readonly connection: MuxConnection }> {
    return this.links.filter(({ connection }) => !connection.isClosed);
  }
}

/** Logs that sessions follow: what is appended comes as EVENTs, from the beginning and through resumes; DATA comes back. */
export class Logs {
  readonly #lengths = new Map<string, number>();
  readonly #wakes = new Set<() => void>();

  /** How many events a log has. */
  lengthOf(name: string): number {
    return this.#lengths.get(name) ?? 0;
  }

  append(name: string): void {
    this.#lengths.set(name, this.lengthOf(name) + 1);
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }

  grown(): Promise<void> {
    return new Promise((resolve) => this.#wakes.add(resolve));
  }

  /** The kind of session that follows the log of `params.log`. */
  get kind(): Kind {
    return {
      name: 'log',
      permission: 'mux.open',
      open: async ({ params, offset = 0 }, out) => new LogSession(this, String(params.log), offset, out),
    };
  }
}

class LogSession implements KindSession {
  readonly recovered = true;
  readonly offset: number;
  readonly #logs: Logs;
  readonly #name: string;
  readonly #out: SessionOut;
  #isClosed = false;

  constructor(logs: Logs, name: string, offset: number, out: SessionOut) {
    this.#logs = logs;
    this.#name = name;
    this.offset = offset;
    this.#out = out;
  }

  begin(): void {
    void this.#run();
  }

  onData(bytes: Buffer): Promise<void> | undefined {
    return this.#out.data(bytes);
  }

  close(): void {
    this.#isClosed = true;
  }

  async #run(): Promise<void> {
    for (let last = this.offset; !this.#isClosed; ) {
      if (last >= this.#logs.lengthOf(this.#name)) {
        await this.#logs.grown();
        continue;
      }
      last += 1;
      const full = this.#out.event(last, Buffer.from(`${this.#name}:${last}`.padEnd(600, '.')));
      if (full !== undefined) await full;
    }
  }
}
