import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createHttpApp } from '../../src/adapters/inbound/http/app.ts';
import { createHttpServer } from '../../src/adapters/inbound/http/http-server.ts';
import type { Route } from '../../src/adapters/inbound/http/route.ts';
import { identityRoutes } from '../../src/adapters/inbound/http/routes/identity/identity-routes.ts';
import type { Answer } from './api-client.ts';
import { IdentityWorld } from './identity-world.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingMetrics } from './recording-metrics.ts';

/** Auth's routes over real HTTP, with everything behind them in memory. */
export interface IdentityService {
  readonly world: IdentityWorld;
  readonly origin: URL;
  readonly log: RecordingLog;
  readonly routes: readonly Route[];
  /** Sends a request; a body is sent as JSON. */
  send(
    method: string,
    path: string,
    given?: { readonly bearer?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Answer>;
  close(): void;
}

/** Serves auth on a free port of loopback. */
export async function serveIdentity(): Promise<IdentityService> {
  const world = new IdentityWorld();
  const log = new RecordingLog();
  const routes = identityRoutes(world);
  const { authenticate, ids } = world;
  const app = createHttpApp({ routes, authenticate, ids, log, metrics: new RecordingMetrics() });
  const server = createHttpServer(app.callback(), () => ids.uuid());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    world,
    origin,
    log,
    routes,
    async send(method, path, given = {}) {
      const headers: Record<string, string> = { ...given.headers };
      if (given.bearer !== undefined) headers.authorization = `Bearer ${given.bearer}`;
      if (given.body !== undefined) headers['content-type'] = 'application/json';
      const body = given.body === undefined ? null : JSON.stringify(given.body);
      const response = await fetch(new URL(path, origin), { method, headers, body });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
