import { systemPlatform } from '../platform/system-platform.ts';
import { ChatChannel } from './chat-channel.ts';
import { ConnectionPool } from './connection-pool.ts';
import { Credentials } from './credentials.ts';
import { Entrance } from './entrance.ts';
import {
  addressesOf,
  GIVE_UP_AFTER_MS,
  MAX_CONNECTIONS,
  type MuxClientOptions,
  OPEN_WITHIN_MS,
  type OpenOptions,
} from './mux-options.ts';
import { MuxSession } from './mux-session.ts';
import { Renewals } from './renewals.ts';
import { SessionCore } from './session-core.ts';

export type { ChatAnswer, ChatChannel, ChatEvent, ChatReceipt, ChatStart } from './chat-channel.ts';
export type { CredentialProvider, CredentialReason, CredentialRequest } from './credentials.ts';
export { MuxError, type MuxErrorCode } from './mux-error.ts';
export type { MuxMessage, SessionEnd, SessionState, SessionStats } from './mux-message.ts';
export type { MuxClientOptions, OpenOptions, SessionSnapshot } from './mux-options.ts';
export type { MuxSession } from './mux-session.ts';

/**
 * Sessions of one server over a few WebSockets. Each session goes to the connection with the fewest, comes back by itself
 * after cuts, and is given each EVENT once. It has no dependency, and runs in Node.js 24 and in browsers.
 */
export class MuxClient {
  readonly #options: MuxClientOptions;
  readonly #platform: NonNullable<MuxClientOptions['platform']>;
  readonly #credentials: Credentials | undefined;
  readonly #pool: ConnectionPool;
  readonly #renewals: Renewals;
  readonly #sessions = new Map<SessionCore, MuxSession>();

  /** Connects to nothing yet. @throws TypeError when `url` is no address of a server. */
  constructor(options: MuxClientOptions) {
    this.#options = options;
    const platform = options.platform ?? systemPlatform();
    this.#platform = platform;
    const { credential, ticket, batch = true, maxConnections = MAX_CONNECTIONS } = options;
    const credentials = credential === undefined ? undefined : new Credentials(credential, platform);
    this.#credentials = credentials;
    this.#renewals = new Renewals(platform);
    this.#pool = new ConnectionPool({
      platform,
      entrance: new Entrance({ platform, ...addressesOf(options.url), batch, ticket }),
      credentials,
      renewals: this.#renewals,
      maxConnections: Math.min(MAX_CONNECTIONS, Math.max(1, maxConnections)),
    });
  }

  /** How many connections are open or being opened. */
  get connections(): number {
    return this.#pool.size;
  }

  /** The sessions that are not over. */
  get sessions(): readonly MuxSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * Opens a session of a kind, or takes one back. Resolves when it is open.
   *
   * @throws MuxError with the server's code when it is refused; `unreachable` when there is no connection in time.
   */
  async open(kind: string, options: OpenOptions = {}): Promise<MuxSession> {
    const { session, core } = this.#begin(kind, options);
    const error = await core.begun.promise;
    if (error !== undefined) throw error;
    return session;
  }

  /** Opens a chat, whose streams are started, stopped and followed by calls. @throws MuxError as `open`. */
  async openChat(chatSessionId: string, options: Omit<OpenOptions, 'params'> = {}): Promise<ChatChannel> {
    const { session, core } = this.#begin('chat', { ...options, params: { chatSessionId } });
    const channel = new ChatChannel(session, core, this.#platform);
    const error = await core.begun.promise;
    if (error !== undefined) throw error;
    return channel;
  }

  /** Ends every session for good, and closes the connections. */
  async close(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
    this.#pool.close(1000);
  }

  /** Closes the connections, and leaves every session to be taken back by its snapshot. */
  async leave(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.leave()));
    this.#pool.close(1001);
  }

  #begin(kind: string, options: OpenOptions): { readonly session: MuxSession; readonly core: SessionCore } {
    const { openWithinMs = OPEN_WITHIN_MS, giveUpAfterMs = GIVE_UP_AFTER_MS } = this.#options;
    const own = options.credential;
    const core: SessionCore = new SessionCore(kind, {
      platform: this.#platform,
      pool: this.#pool,
      renewals: this.#renewals,
      credentials: own === undefined ? this.#credentials : new Credentials(own, this.#platform),
      hasOwnCredentials: own !== undefined,
      openWithinMs,
      giveUpAfterMs,
      options,
      onOver: () => this.#sessions.delete(core),
    });
    const session = new MuxSession(core);
    this.#sessions.set(core, session);
    core.live();
    return { session, core };
  }
}
