import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accountRoutes } from './account-routes.ts';
import { type MemoryRoute, problem, type Told } from './asked.ts';
import { chatRoutes } from './chat-routes.ts';
import type { Lie } from './lies.ts';
import { MemoryState, type MemoryUser } from './memory-state.ts';

const PUBLIC = /^(GET \/health|POST \/api\/auth\/(login|signup|refresh))$/;

/**
 * All three services in memory on one port, keeping every promise of the protocol but at most one. The first stream
 * of a chat runs to its end at once; a later one stays in the middle until it is stopped, so that a test needs no
 * timing.
 */
export class LyingServer {
  readonly state = new MemoryState();
  /** The requests that came, as `METHOD /path`. */
  readonly seen: string[] = [];
  readonly #lie: Lie | undefined;
  readonly #server: Server;
  readonly #routes: readonly MemoryRoute[] = [...accountRoutes, ...chatRoutes];

  constructor(lie?: Lie) {
    this.#lie = lie;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Listens on a free port of the loopback and returns the address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${(request.url ?? '').split('?')[0]}`;
    this.seen.push(line);
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const bodyText = Buffer.concat(pieces).toString('utf8');
    const told = this.#answer(line, bodyText, request, response);
    if (told === undefined) return;
    response.writeHead(told.status, { 'content-type': 'application/json', ...told.headers });
    response.end(told.status === 204 ? undefined : JSON.stringify(told.body));
  }

  #answer(
    line: string,
    bodyText: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Told | undefined {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const user = this.state.tokens.get(token);
    if (user === undefined && !PUBLIC.test(line)) return problem(401, 'credential.invalid', 'Log in first');
    for (const [pattern, handle] of this.#routes) {
      const match = pattern.exec(line);
      if (match === null) continue;
      const body = bodyText === '' ? {} : (JSON.parse(bodyText) as Record<string, unknown>);
      const lies = (lie: Lie): boolean => lie === this.#lie;
      const { state } = this;
      const asker = user as MemoryUser;
      return handle({ state, lies, user: asker, params: match.slice(1), body, bodyText, request, response });
    }
    return problem(404, 'request.no_route', 'There is nothing here');
  }
}
