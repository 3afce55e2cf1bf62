import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunningServer, type ServerUrls, temporaryFolder } from './running-server.ts';

/** Auth, accounting and chat as three processes, each with its own data, that know each other by a service key. */
export class ThreeServices {
  auth: RunningServer;
  accounting: RunningServer;
  readonly chat: RunningServer;
  readonly urls: ServerUrls;
  /** Where the key lies that the services know each other by. */
  readonly keyFile: string;

  private constructor(parts: {
    auth: RunningServer;
    accounting: RunningServer;
    chat: RunningServer;
    keyFile: string;
  }) {
    this.auth = parts.auth;
    this.accounting = parts.accounting;
    this.chat = parts.chat;
    this.keyFile = parts.keyFile;
    this.urls = {
      auth: parts.auth.urls.auth,
      accounting: parts.accounting.urls.accounting,
      chat: parts.chat.urls.chat,
    };
  }

  /** `wayToAuth`: what chat is told to be auth's address, such as that of a proxy before it. */
  static async start(
    chatFlags: readonly string[] = [],
    wayToAuth: (authUrl: string) => Promise<string> = async (authUrl) => authUrl,
  ): Promise<ThreeServices> {
    const keyFile = join(temporaryFolder(), 'service.key');
    writeFileSync(keyFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    const env = { HOLDFAST_SERVICE_KEY_FILE: keyFile };
    const auth = await RunningServer.start(['--service', 'auth', '--demo'], temporaryFolder(), env);
    const authUrl = ['--auth-url', auth.urls.auth];
    const accounting = await RunningServer.start(
      ['--service', 'accounting', ...authUrl],
      temporaryFolder(),
      env,
    );
    const accountingUrl = ['--accounting-url', accounting.urls.accounting];
    const way = ['--auth-url', await wayToAuth(auth.urls.auth)];
    const flags = ['--service', 'chat', ...way, ...accountingUrl, ...chatFlags];
    const chat = await RunningServer.start(flags, temporaryFolder(), env);
    return new ThreeServices({ auth, accounting, chat, keyFile });
  }

  /** Starts accounting again on its data and its old port, as an operator would after it went down. */
  async restartAccounting(): Promise<void> {
    const port = new URL(this.urls.accounting).port;
    const flags = ['--service', 'accounting', '--auth-url', this.urls.auth, '--accounting-port', port];
    this.accounting = await RunningServer.start(flags, this.accounting.data, {
      HOLDFAST_SERVICE_KEY_FILE: this.keyFile,
    });
  }

  /** Starts auth again on its data and its old port. */
  async restartAuth(): Promise<void> {
    const flags = ['--service', 'auth', '--demo', '--auth-port', new URL(this.urls.auth).port];
    this.auth = await RunningServer.start(flags, this.auth.data, {
      HOLDFAST_SERVICE_KEY_FILE: this.keyFile,
    });
  }

  async dispose(): Promise<void> {
    await Promise.all([this.auth.dispose(), this.accounting.dispose(), this.chat.dispose()]);
  }
}
