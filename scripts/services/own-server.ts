import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a kind of server is started. */
export interface ServerKind {
  readonly name: string;
  /** What the program is told, given a port of its own and a private folder for its data. */
  args(program: string, port: number, folder: string): readonly string[];
  /** Resolves when the server on this port serves; rejects while it does not. */
  probe(program: string, port: number): Promise<void>;
  url(port: number): string;
}

/** Longest time from a server's start until it serves, in milliseconds. */
const START_TIMEOUT_MS = 60_000;
/** Time between two looks at a server that starts, in milliseconds. */
const PROBE_INTERVAL_MS = 50;
/** How much of a server's last words a failure shows, in characters. */
const LAST_WORDS = 600;

/** A server of the tests' own, on a free port, with data that goes away with it. */
export class OwnServer {
  readonly program: string;
  readonly url: string;
  readonly #kind: ServerKind;
  readonly #port: number;
  readonly #folder: string;
  #keeper: ChildProcess;

  private constructor(kind: ServerKind, program: string, port: number, folder: string) {
    this.#kind = kind;
    this.program = program;
    this.#port = port;
    this.#folder = folder;
    this.url = kind.url(port);
    this.#keeper = this.#spawn();
  }

  /** Starts a server and waits until it serves. @throws Error with its last words when it does not. */
  static async start(kind: ServerKind, program: string): Promise<OwnServer> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-server-'));
    const server = new OwnServer(kind, program, await freePort(), folder);
    await server.#serves();
    return server;
  }

  /** Ends the server as a crash does: at once. Its data stays. */
  async kill(): Promise<void> {
    await this.#gone(() => this.#keeper.send('SIGKILL'));
  }

  /** Lets the server stand still, with all its connections open. */
  async pause(): Promise<void> {
    await this.#signalled('SIGSTOP');
  }

  /** Lets a server go on that stands still. */
  async goOn(): Promise<void> {
    await this.#signalled('SIGCONT');
  }

  /** Starts the server over, on the same port with the same data. */
  async restart(): Promise<void> {
    this.#keeper = this.#spawn();
    await this.#serves();
  }

  /** Takes the server and its data down. Idempotent. */
  async stop(): Promise<void> {
    if (this.#keeper.exitCode !== null) return rmSync(this.#folder, { recursive: true, force: true });
    await this.#gone(() => this.#keeper.connected && this.#keeper.disconnect());
  }

  async #signalled(signal: NodeJS.Signals): Promise<void> {
    const done = once(this.#keeper, 'message');
    this.#keeper.send(signal);
    await done;
  }

  async #gone(end: () => void): Promise<void> {
    const gone = once(this.#keeper, 'exit');
    this.#keeper.ref();
    end();
    await gone;
  }

  #spawn(): ChildProcess {
    const log = openSync(`${join(this.#folder, 'server')}.log`, 'a');
    const keeper = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('keeper.ts', import.meta.url)),
        this.#folder,
        this.program,
        ...this.#kind.args(this.program, this.#port, this.#folder),
      ],
      { stdio: ['ignore', log, log, 'ipc'] },
    );
    closeSync(log);
    // Neither it nor its channel keeps a test run from ending; that this process ends is what ends the server.
    keeper.unref();
    keeper.channel?.unref();
    return keeper;
  }

  async #serves(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.#kind.probe(this.program, this.#port);
      } catch (error) {
        if (this.#keeper.exitCode === null && performance.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
          continue;
        }
        const words = readFileSync(`${join(this.#folder, 'server')}.log`, 'utf8').slice(-LAST_WORDS);
        await this.stop();
        throw new Error(`${this.#kind.name} (${this.program}) does not serve: ${String(error)}\n${words}`);
      }
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
