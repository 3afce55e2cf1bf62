import { type DocumentedService, openApiDocument } from '../adapters/inbound/http/openapi.ts';
import { PromMetrics } from '../adapters/outbound/system/prom-metrics.ts';
import { SystemClock } from '../adapters/outbound/system/system-clock.ts';
import type { Log } from '../application/ports/log.ts';
import { loadConfig } from './config.ts';
import { hostAndPort } from './configuration/network-address.ts';
import { composeServices } from './container.ts';
import { bindMemoryStore } from './modules/memory-store.ts';
import { routesOf } from './service-apps.ts';
import { PORT_SETTING, SERVICES, type ServiceName } from './service-name.ts';
import { VERSION } from './version.ts';

const DESCRIPTIONS: Readonly<Record<ServiceName, string>> = {
  auth: 'Accounts, logins and who may do what.',
  accounting: 'Credit: grants, holds, settlements, usage and the journal.',
  chat: 'Chats and their streams; answers the routes of auth and accounting too when all run together.',
};

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** docs/openapi.json, as it follows from the routes that the program really serves. */
export async function apiDocument(): Promise<string> {
  const config = await loadConfig({ environment: {} });
  const container = composeServices(config, SERVICES, {
    clock: new SystemClock(),
    log: SILENT,
    metrics: new PromMetrics({ processMetrics: false }),
    serviceKeys: { accepts: () => false, current: '' },
  });
  bindMemoryStore(container);
  const services = SERVICES.map((name): DocumentedService => {
    const url = `http://${hostAndPort(config.host, config[PORT_SETTING[name]])}`;
    return { name, description: DESCRIPTIONS[name], url, routes: routesOf(name, SERVICES, container, []) };
  });
  return `${JSON.stringify(openApiDocument({ version: VERSION, services }), null, 2)}\n`;
}
