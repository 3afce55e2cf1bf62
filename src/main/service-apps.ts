import type { RequestListener } from 'node:http';
import type { Container } from 'inversify';
import { createHttpApp } from '../adapters/inbound/http/app.ts';
import type { Edge } from '../adapters/inbound/http/edge.ts';
import type { Route } from '../adapters/inbound/http/route.ts';
import { alertRoutes } from '../adapters/inbound/http/routes/operations/alert-routes.ts';
import { auditRoutes } from '../adapters/inbound/http/routes/operations/audit-routes.ts';
import { connectionRoutes } from '../adapters/inbound/http/routes/operations/connection-routes.ts';
import { type Dependency, healthRoutes } from '../adapters/inbound/http/routes/operations/health-routes.ts';
import { type Page, pageRoutes } from '../adapters/inbound/http/routes/operations/page-routes.ts';
import { UpgradeAdmission } from '../adapters/inbound/http/upgrade-admission.ts';
import { type PageFacts, readWebPage } from '../adapters/inbound/web/web-page.ts';
import { UpgradeGuard } from '../adapters/inbound/ws/upgrade-guard.ts';
import type { FirstAccount } from '../domain/identity/demo-accounts.ts';
import type { ServiceName } from './service-name.ts';
import { ACCOUNTING_ROUTES } from './tokens/accounting.ts';
import { LIST_ALERTS } from './tokens/alerts.ts';
import { READ_AUDIT } from './tokens/audit.ts';
import { AGENT_ROUTE, CONTROL_ROUTES } from './tokens/control.ts';
import { AUTHENTICATE, IDENTITY_ROUTES } from './tokens/identity.ts';
import { KICK_CONNECTION, LIST_CONNECTIONS } from './tokens/multiplexing.ts';
import { STREAMING_ROUTES } from './tokens/streaming.ts';
import { AUDIT, BUDGETS, CLOCK, IDS, LOG, METRICS, SESSION_COOKIE, SOCKET_ROUTES } from './tokens.ts';
import { VERSION } from './version.ts';

const FEATURE_ROUTES = {
  auth: IDENTITY_ROUTES,
  accounting: ACCOUNTING_ROUTES,
  chat: STREAMING_ROUTES,
} as const satisfies Readonly<Record<ServiceName, unknown>>;

/**
 * The routes that one service answers. Chat answers for all services that run in its process, so that a browser
 * has one origin, but for the routes between services: those answer on their own service's port alone.
 *
 * @param demoAccounts whom the page offers a first visitor to log in as; asked at each visit, since accounts are made
 *   last of all at a start.
 */
export function routesOf(
  service: ServiceName,
  running: readonly ServiceName[],
  container: Container,
  dependencies: readonly Dependency[],
  demoAccounts: () => readonly FirstAccount[] = () => [],
): Route[] {
  const health = healthRoutes({ service, version: VERSION, clock: container.get(CLOCK), dependencies });
  const own = [
    ...auditRoutes({ readAudit: container.get(READ_AUDIT) }),
    ...container.get(FEATURE_ROUTES[service]),
  ];
  if (service !== 'chat') return [...health, ...own];
  const others = running
    .filter((name) => name !== 'chat')
    .flatMap((name) => container.get(FEATURE_ROUTES[name]))
    .filter(({ permission }) => permission !== 'service');
  const operations = [
    ...alertRoutes({ listAlerts: container.get(LIST_ALERTS) }),
    ...connectionRoutes({
      listConnections: container.get(LIST_CONNECTIONS),
      kickConnection: container.get(KICK_CONNECTION),
    }),
    ...container.get(CONTROL_ROUTES),
  ];
  return [...health, ...pageRoutes(servedPage(demoAccounts), VERSION), ...own, ...operations, ...others];
}

function servedPage(demoAccounts: () => readonly FirstAccount[]): Page {
  const { release, file, html } = readWebPage();
  const facts = (): PageFacts => ({
    version: VERSION,
    demo: demoAccounts().map(({ username, password }) => ({ username, password })),
  });
  return { release, file, html: () => html(facts()) };
}

/** What serves the requests of one service. */
export function serviceListener(routes: readonly Route[], container: Container, edge: Edge): RequestListener {
  return createHttpApp({
    routes,
    edge,
    cookie: container.get(SESSION_COOKIE),
    authenticate: container.get(AUTHENTICATE),
    ids: container.get(IDS),
    log: container.get(LOG),
    metrics: container.get(METRICS),
    audit: container.get(AUDIT),
    budget: container.get(BUDGETS),
  }).callback();
}

/** What stands before the WebSockets of the chat port. */
export function upgradeGuard(container: Container, edge: Edge): UpgradeGuard {
  const authenticate = container.get(AUTHENTICATE);
  return new UpgradeGuard({
    routes: [...container.get(SOCKET_ROUTES), container.get(AGENT_ROUTE)],
    door: new UpgradeAdmission({ authenticate, cookie: container.get(SESSION_COOKIE), edge }),
    ids: container.get(IDS),
    log: container.get(LOG),
  });
}
