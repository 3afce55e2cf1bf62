import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createHttpApp } from '../../src/adapters/inbound/http/app.ts';
import { createHttpServer } from '../../src/adapters/inbound/http/http-server.ts';
import { streamingRoutes } from '../../src/adapters/inbound/http/routes/streaming/streaming-routes.ts';
import { EventStreams } from '../../src/adapters/inbound/http/sse-response.ts';
import { Authenticate } from '../../src/application/identity/authenticate.ts';
import type { LoginEnd, LoginEnds } from '../../src/application/ports/identity/login-ends.ts';
import type { LongUse } from '../../src/application/ports/identity/long-use.ts';
import type { DirectoryEntry } from '../../src/application/ports/identity/principal-directory.ts';
import type { SessionStatus } from '../../src/application/ports/identity/session-status.ts';
import { CreateChat } from '../../src/application/streaming/chats/create-chat.ts';
import { GetChat } from '../../src/application/streaming/chats/get-chat.ts';
import { ListChats } from '../../src/application/streaming/chats/list-chats.ts';
import { ReadUserChats } from '../../src/application/streaming/chats/read-user-chats.ts';
import { RenameChat } from '../../src/application/streaming/chats/rename-chat.ts';
import { SearchChatUsers } from '../../src/application/streaming/chats/search-chat-users.ts';
import { RecommendModel } from '../../src/application/streaming/recommend-model.ts';
import { DomainError } from '../../src/domain/domain-error.ts';
import type { LoginSessionId, UserId } from '../../src/domain/identity/ids.ts';
import { USE_INTERVAL_MS } from '../../src/domain/identity/login-session.ts';
import type { Role, UserPrincipal } from '../../src/domain/identity/principal.ts';
import { NO_KEYS } from './no-keys.ts';
import { ANNA, BERT } from './stream-builders.ts';
import type { StreamingWorld } from './streaming-world.ts';

const person = (userId: UserId, username: string, role: Role): UserPrincipal => ({
  kind: 'user',
  userId,
  username,
  email: `${username}@example.org`,
  role,
  loginSessionId: `login-of-${username}` as LoginSessionId,
});

const PEOPLE: Readonly<Record<string, UserPrincipal>> = {
  anna: person(ANNA, 'anna', 'user'),
  bert: person(BERT, 'bert', 'user'),
  sue: person(`u_${'5'.repeat(32)}` as UserId, 'sue', 'supervisor'),
};

/** Everybody's logins, which a test ends. */
class Logins implements SessionStatus, LoginEnds, LongUse {
  readonly intervalMs = USE_INTERVAL_MS;
  readonly #ended = new Set<LoginSessionId>();
  readonly #listeners: Array<(end: LoginEnd) => void> = [];

  async isLive({ loginSessionId }: UserPrincipal): Promise<boolean> {
    return !this.#ended.has(loginSessionId);
  }

  subscribe(listener: (end: LoginEnd) => void): () => void {
    this.#listeners.push(listener);
    return () => undefined;
  }

  async tell(id: LoginSessionId): Promise<boolean> {
    return !this.#ended.has(id);
  }

  /** Ends the login of somebody, and tells it as the end of that login or of any of his. */
  end(who: string, tellUser: boolean): void {
    const { userId, loginSessionId } = PEOPLE[who] ?? person(ANNA, who, 'user');
    this.#ended.add(loginSessionId);
    for (const listener of this.#listeners) listener(tellUser ? { userId } : { loginSessionId });
  }

  /** Tells that ends were missed. */
  lose(): void {
    for (const listener of this.#listeners) listener({ anybody: true });
  }
}

/** Chat's routes over real HTTP; the bearer is the name of who asks. */
export class ChatService {
  readonly url: string;
  readonly logins: Logins;
  readonly #close: () => void;

  private constructor(url: string, logins: Logins, close: () => void) {
    this.url = url;
    this.logins = logins;
    this.#close = close;
  }

  static async start(world: StreamingWorld): Promise<ChatService> {
    const { log, ids, metrics } = world;
    const logins = new Logins();
    const authenticate = new Authenticate({
      ...NO_KEYS,
      tokens: {
        verify: async (token) => {
          const principal = PEOPLE[token];
          if (principal === undefined)
            throw new DomainError('credential.invalid', 'The credential is not valid');
          return principal;
        },
      },
      sessions: logins,
      serviceKeys: { accepts: () => false },
    });
    const app = createHttpApp({ routes: routesOf(world, logins), authenticate, ids, log, metrics });
    const server = createHttpServer(app.callback(), () => ids.uuid());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new ChatService(`http://127.0.0.1:${port}`, logins, () => {
      server.closeAllConnections();
      server.close();
    });
  }

  close(): void {
    this.#close();
  }

  /** A request of somebody's; a body is sent as JSON. */
  ask(
    who: string,
    method: string,
    path: string,
    more: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Response> {
    const { body, headers, signal } = more;
    return fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${who}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** The status and JSON body of an answer. */
  async json(
    ...request: Parameters<ChatService['ask']>
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await this.ask(...request);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}

function routesOf(world: StreamingWorld, logins: Logins) {
  const { chats, catalog, clock, ids, timers } = world;
  const entries: DirectoryEntry[] = Object.values(PEOPLE).map((principal) => ({
    ...principal,
    isVerified: true,
    disabled: false,
  }));
  const directory = {
    resolve: async (name: string) =>
      entries.find((entry) => entry.userId === name || entry.username === name),
    resolveEmail: async (email: string) => entries.find((entry) => entry.email === email),
    search: async (text: string) => {
      const found = entries.filter(({ username }) => username.includes(text));
      return { entries: found, total: found.length };
    },
  };
  const audit = world.trail;
  const listChats = new ListChats({ chats });
  const getChat = new GetChat({ chats });
  return streamingRoutes({
    createChat: new CreateChat({ chats, catalog, clock, ids }),
    listChats,
    getChat,
    renameChat: new RenameChat({ chats, clock }),
    deleteChat: world.deleteChat,
    sendMessage: world.sendMessage,
    openStream: world.openStream,
    followStream: world.followStream,
    stopStream: world.stopStream,
    acceptUpdate: world.acceptUpdate,
    observeStream: world.observeStream,
    readUserChats: new ReadUserChats({ directory, listChats, getChat, audit }),
    searchChatUsers: new SearchChatUsers({ directory, chats }),
    recommendModel: new RecommendModel({ catalog }),
    catalog,
    eventStreams: new EventStreams({ timers, sessions: logins, loginEnds: logins, use: logins }),
    version: '1.2.3',
  });
}
