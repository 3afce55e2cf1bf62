import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpServer } from '../../src/adapters/inbound/http/http-server.ts';
import type { Route } from '../../src/adapters/inbound/http/route.ts';
import { PromMetrics } from '../../src/adapters/outbound/system/prom-metrics.ts';
import { SystemClock } from '../../src/adapters/outbound/system/system-clock.ts';
import type { ApiKeyScope } from '../../src/domain/identity/principal.ts';
import { BackgroundLoops } from '../../src/main/background-loops.ts';
import { type FlagValues, loadConfig } from '../../src/main/config.ts';
import { composeServices } from '../../src/main/container.ts';
import { edgeOf } from '../../src/main/edge-settings.ts';
import { firstAccounts } from '../../src/main/first-accounts.ts';
import { prepareStores } from '../../src/main/first-steps.ts';
import { bindMemoryStore } from '../../src/main/modules/memory-store.ts';
import { routesOf, serviceListener, upgradeGuard } from '../../src/main/service-apps.ts';
import { SERVICES, type ServiceName } from '../../src/main/service-name.ts';
import { AGENT_SOCKETS } from '../../src/main/tokens/control.ts';
import { RUNNING_STREAMS } from '../../src/main/tokens/streaming.ts';
import { RecordingLog } from './recording-log.ts';

/** The service key of a composed server. */
export const TEST_SERVICE_KEY = 'k'.repeat(43);

/** The three services as the program composes them, with the demo accounts. */
export interface ComposedServer {
  readonly container: ComposedContainer;
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly routes: Readonly<Record<ServiceName, readonly Route[]>>;
  readonly log: RecordingLog;
  /** The access token of a demo account. */
  logIn(username: DemoAccount): Promise<string>;
  /** A new API key of a demo account. */
  mintKey(username: DemoAccount, ...scopes: readonly ApiKeyScope[]): Promise<string>;
  close(): Promise<void>;
}

type ComposedContainer = ReturnType<typeof composeServices>;

/** The accounts that a composed server has. */
type DemoAccount = keyof typeof PASSWORDS;

const PASSWORDS = { admin: 'admin@admin', supervisor1: 'Supervisor1@', user1: 'User1@123' } as const;

/**
 * Composes and starts the services on free ports of loopback.
 *
 * @param extend may rebind what a test brings itself, before anything is resolved.
 * @param bindStores binds every store; to memory unless said.
 * @param settings flags beside those that it has, and whether what goes on in the background does.
 */
export async function composedServer(
  extend: (container: ComposedContainer) => void = () => undefined,
  bindStores: (container: ComposedContainer) => void | Promise<void> = bindMemoryStore,
  { flags = {}, loops = false }: { readonly flags?: FlagValues; readonly loops?: boolean } = {},
): Promise<ComposedServer> {
  const config = await loadConfig({ environment: {}, flags: { demo: true, 'model.pace': 0, ...flags } });
  const log = new RecordingLog();
  const metrics = new PromMetrics({ processMetrics: false });
  const edge = edgeOf(config, metrics);
  const accepts = (presented: string): boolean => presented === TEST_SERVICE_KEY;
  const serviceKeys = { accepts, current: TEST_SERVICE_KEY };
  const container = composeServices(config, SERVICES, {
    clock: new SystemClock(),
    log,
    metrics,
    serviceKeys,
  });
  extend(container);
  await bindStores(container);
  await prepareStores(container, SERVICES, config);
  await firstAccounts(container, SERVICES, config);
  const running = loops ? BackgroundLoops.start(container, SERVICES) : undefined;
  const servers: Server[] = [];
  const urls: Partial<Record<ServiceName, string>> = {};
  const routes: Partial<Record<ServiceName, readonly Route[]>> = {};
  for (const service of SERVICES) {
    routes[service] = routesOf(service, SERVICES, container, []);
    const listener = serviceListener(routes[service], container, edge);
    const server = createHttpServer(listener, () => 'early');
    if (service === 'chat') upgradeGuard(container, edge).attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    urls[service] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    servers.push(server);
  }
  const started = { urls, routes } as Pick<ComposedServer, 'urls' | 'routes'>;
  const post = async (path: string, body: unknown, bearer?: string): Promise<Record<string, string>> => {
    const authorization = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
    const answer = await fetch(`${started.urls.auth}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...authorization },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, string>;
  };
  const logIn = async (username: DemoAccount): Promise<string> => {
    const { accessToken = '' } = await post('/api/auth/login', { username, password: PASSWORDS[username] });
    return accessToken;
  };
  return {
    ...started,
    container,
    log,
    logIn,
    mintKey: async (username, ...scopes) => {
      const draft = { name: scopes.join(' '), scopes, password: PASSWORDS[username] };
      const { key = '' } = await post('/api/keys', draft, await logIn(username));
      return key;
    },
    close: async () => {
      await container.get(RUNNING_STREAMS).drain(0);
      await container.get(AGENT_SOCKETS).drain();
      await running?.stop();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}
