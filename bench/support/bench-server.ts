import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilReady } from '../../test/support/ready-file.ts';
import { SERVER_CORE, spawnPinned, stop } from './process.ts';

/** Accounts that share a bench's streams. */
const ACCOUNTS = 10;
/** Longest wait for the server to be ready, and for one of its answers, in milliseconds. */
const LONGEST_START_MS = 30_000;
const LONGEST_ANSWER_MS = 20_000;
const PASSWORD = 'a password for the bench';

/** The real server on one core, with accounts that have credit, spoken to as a client would. */
export class BenchServer {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #url: string;
  #tokens: string[] = [];

  private constructor(child: ChildProcess, url: string, pid: number) {
    this.#child = child;
    this.#url = url;
    this.port = Number(new URL(url).port);
    this.pid = pid;
  }

  /**
   * Starts `holdfast serve --demo` (or another program that writes the same ready file) and prepares the accounts.
   *
   * @param others a node of the same fleet, whose accounts and logins are this one's too.
   */
  static async start(
    data: string,
    flags: readonly string[],
    program = ['bin/holdfast.js', 'serve', '--demo'],
    env: NodeJS.ProcessEnv = {},
    others?: BenchServer,
  ): Promise<BenchServer> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-ready-'));
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      'streams:\n  runningPerUser: 500\n  maxOutputTokens: 500000\nlog:\n  level: warn\n',
      { mode: 0o600 },
    );
    const ready = join(folder, 'ready');
    const ports = ['--auth-port', '0', '--accounting-port', '0', '--chat-port', '0', '--ready-file', ready];
    const child = spawnPinned(
      SERVER_CORE,
      process.execPath,
      [...program, '--config', config, '--data', data, ...ports, ...flags],
      env,
    );
    child.stdout?.resume();
    const { chat, pid } = await untilReady<{ chat: string; pid: number }>(child, ready, LONGEST_START_MS);
    rmSync(folder, { recursive: true, force: true });
    const server = new BenchServer(child, chat, pid);
    if (others === undefined) await server.#prepareAccounts();
    else server.#tokens = others.#tokens;
    return server;
  }

  /** The request that starts a stream, as it goes over the wire. */
  startRequest(index: number, chat: string): string {
    const body = '{"message":"Tell me everything"}';
    return `POST /api/chat/sessions/${chat}/stream HTTP/1.1\r\n${this.#headers(index)}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  }

  /** The request that resumes a chat's stream after an offset. */
  resumeRequest(index: number, chat: string, after: number): string {
    return `GET /api/chat/sessions/${chat}/stream HTTP/1.1\r\n${this.#headers(index)}Last-Event-ID: ${after}\r\n\r\n`;
  }

  /** Starts a stream and drops the connection once its id has come; it goes on without a reader. */
  async startUnread(index: number, chat: string): Promise<void> {
    const response = await this.#post(index, `/api/chat/sessions/${chat}/stream`, {
      message: 'Tell me everything',
    });
    if (response.status !== 200)
      throw new Error(`a stream could not be started: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  }

  async createChat(index: number): Promise<string> {
    const response = await this.#post(index, '/api/chat/sessions', {});
    return ((await response.json()) as { sessionId: string }).sessionId;
  }

  async stop(): Promise<void> {
    await stop(this.#child);
  }

  #headers(index: number): string {
    return `Host: 127.0.0.1:${this.port}\r\nAuthorization: Bearer ${this.#tokens[index % ACCOUNTS]}\r\n`;
  }

  async #prepareAccounts(): Promise<void> {
    const admin = await this.#login('admin', 'admin@admin');
    this.#tokens = [admin];
    for (let account = 0; account < ACCOUNTS; account += 1) {
      const username = `bench${account}`;
      await this.#post(0, '/api/auth/signup', {
        username,
        email: `${username}@example.org`,
        password: PASSWORD,
      });
      await this.#post(0, '/api/credits/allocate', { userId: username, credits: 100_000_000 });
    }
    this.#tokens = await Promise.all(
      Array.from({ length: ACCOUNTS }, (_, account) => this.#login(`bench${account}`, PASSWORD)),
    );
  }

  async #login(username: string, password: string): Promise<string> {
    const response = await this.#post(0, '/api/auth/login', { username, password });
    return ((await response.json()) as { accessToken: string }).accessToken;
  }

  #post(index: number, path: string, body: unknown): Promise<Response> {
    const token = this.#tokens[index % this.#tokens.length];
    const credential: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetch(this.#url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credential },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    });
  }
}
