import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from './child-environment.ts';
import { untilReady } from './ready-file.ts';

/** The addresses that a server wrote to its ready file. */
export interface ServerUrls {
  readonly auth: string;
  readonly accounting: string;
  readonly chat: string;
}

const SERVICES = ['auth', 'accounting', 'chat'];

/** How long a server may take to be ready, in milliseconds; far more than it needs, also on a busy machine. */
const READY_TIMEOUT_MS = 90_000;

/** Servers that run: none outlives this process, unless that is killed. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The real command `holdfast serve` in a process of its own. */
export class RunningServer {
  readonly data: string;
  readonly urls: ServerUrls;
  readonly #child: ChildProcess;
  readonly #output: string[];

  private constructor(child: ChildProcess, data: string, urls: ServerUrls, output: string[]) {
    this.#child = child;
    this.data = data;
    this.urls = urls;
    this.#output = output;
  }

  /**
   * Starts a server on free ports and waits until it listens. `data` is kept when it is given.
   *
   * @param within a command that ends by becoming the server, whose words follow its own, such as `unshare`.
   * @param program the file that Node.js runs, when it is not the checkout's.
   */
  static async start(
    flags: readonly string[] = ['--demo'],
    data = temporaryFolder(),
    env: NodeJS.ProcessEnv = {},
    within: readonly string[] = [],
    program = 'bin/holdfast.js',
  ): Promise<RunningServer> {
    const folder = temporaryFolder();
    const ready = join(folder, 'ready.json');
    const ports = ['--auth-port', '0', '--accounting-port', '0', '--chat-port', '0'];
    const serve = [program, 'serve', '--data', data, '--ready-file', ready, ...ports, ...flags];
    const [command = process.execPath, ...args] = [...within, process.execPath, ...serve];
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment(env),
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const output: string[] = [];
    child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
    child.stderr.on('data', (text: Buffer) => output.push(text.toString()));
    try {
      const urls = await untilReady<ServerUrls>(child, ready, READY_TIMEOUT_MS);
      return new RunningServer(child, data, urls, output);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${(error as Error).message}:\n${output.join('')}`, { cause: error });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Everything the server has printed so far. */
  get output(): string {
    return this.#output.join('');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits until the process has gone; returns its exit code, null after a signal's death. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const gone = this.gone();
    this.#child.kill(signal);
    return gone;
  }

  /** Waits until a process that still runs has gone; returns its exit code, null after a signal's death. */
  gone(): Promise<number | null> {
    return new Promise((resolve) => this.#child.once('exit', resolve));
  }

  /** Kills the server, if it still runs, and starts it again on its data and its ports. */
  async restartAfterKill(flags: readonly string[]): Promise<RunningServer> {
    await this.end('SIGKILL');
    const ports = Object.entries(this.urls)
      .filter(([service]) => SERVICES.includes(service))
      .flatMap(([service, url]) => [`--${service}-port`, new URL(url).port]);
    return RunningServer.start([...flags, ...ports], this.data);
  }

  /** Ends the server if it still runs and removes its data. */
  async dispose(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** A private folder for one server's data. */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'holdfast-'));
