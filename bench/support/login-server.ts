import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilReady } from '../../test/support/ready-file.ts';
import { spawnFree, stop } from './process.ts';
import { postRequest, RawClient } from './raw-client.ts';

/** Longest wait for the server to be ready, in milliseconds. */
const LONGEST_START_MS = 30_000;

/** The real command on all cores, for benches of its door: accounts, and nobody logged in. */
export class LoginServer {
  /** Of auth. */
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(data: string, flags: readonly string[]): Promise<LoginServer> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-ready-'));
    const ready = join(folder, 'ready');
    const ports = ['--auth-port', '0', '--accounting-port', '0', '--chat-port', '0'];
    const own = ['--ready-file', ready, '--data', data, '--log-level', 'warn'];
    const serve = ['bin/holdfast.js', 'serve', '--demo', ...own, ...ports, ...flags];
    const child = spawnFree(process.execPath, serve);
    child.stdout?.resume();
    const { auth } = await untilReady<{ auth: string }>(child, ready, LONGEST_START_MS);
    rmSync(folder, { recursive: true, force: true });
    return new LoginServer(child, Number(new URL(auth).port));
  }

  /** Makes accounts `bench0`, `bench1` … with one password. */
  async signUp(accounts: number, password: string): Promise<void> {
    const client = await RawClient.open(this.port);
    for (let account = 0; account < accounts; account += 1) {
      const username = `bench${account}`;
      const body = { username, email: `${username}@example.org`, password };
      const { status, body: text } = await client.ask(postRequest(this.port, '/api/auth/signup', body));
      if (status !== 201) throw new Error(`a sign-up gave ${status}: ${text}`);
    }
    client.close();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    await stop(this.#child);
  }
}
