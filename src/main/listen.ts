import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpServer } from '../adapters/inbound/http/http-server.ts';
import { createHttpsServer, secureContextOf, type TlsPair } from '../adapters/inbound/http/https-server.ts';
import type { UpgradeGuard } from '../adapters/inbound/ws/upgrade-guard.ts';
import { hostAndPort } from './configuration/network-address.ts';
import { flagOf, type Settings } from './configuration/settings.ts';
import { OperatorError } from './operator-error.ts';
import { PORT_SETTING, type ServiceName } from './service-name.ts';

/** A service that listens. */
export interface Listening {
  readonly service: ServiceName;
  /** Where it can be reached on this machine, without a slash at the end. */
  readonly url: string;
  readonly server: Server;
  /** Cuts every connection that there is, WebSockets too. */
  cut(): void;
  /** Serves another certificate to connections to come; does nothing where plain HTTP is spoken. */
  renewTls(pair: TlsPair): void;
}

/**
 * Starts to listen on a service's port: by https when there is a pair, else in plain HTTP. WebSockets are for the guard;
 * without one they are answered as plain requests.
 *
 * @throws OperatorError naming the flag that would help when the port or address cannot be had.
 */
export async function listen(
  service: ServiceName,
  listener: RequestListener,
  settings: Settings,
  requestId: () => string,
  more: { readonly pair?: TlsPair | undefined; readonly guard?: UpgradeGuard | undefined } = {},
): Promise<Listening> {
  const { pair, guard } = more;
  const { host } = settings;
  const port = settings[PORT_SETTING[service]];
  const secure = pair === undefined ? undefined : createHttpsServer(listener, requestId, pair);
  const server = secure ?? createHttpServer(listener, requestId);
  guard?.attach(server);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw cannotListen(error as NodeJS.ErrnoException, service, host, port);
  }
  const bound = server.address() as AddressInfo;
  const scheme = secure === undefined ? 'http' : 'https';
  return {
    service,
    url: `${scheme}://${hostAndPort(host, bound.port)}`,
    server,
    cut: () => {
      server.closeAllConnections();
      guard?.closeAll();
    },
    renewTls: (renewed) => secure?.setSecureContext(secureContextOf(renewed)),
  };
}

function cannotListen(
  error: NodeJS.ErrnoException,
  service: ServiceName,
  host: string,
  port: number,
): OperatorError {
  const flag = flagOf(PORT_SETTING[service]);
  const because = { cause: error };
  if (error.code === 'EADDRINUSE') {
    return new OperatorError(
      2,
      `Port ${port} for ${service} is in use; choose another with ${flag}, or 0 for a free one.`,
      because,
    );
  }
  if (error.code === 'EACCES') {
    return new OperatorError(
      2,
      `Port ${port} for ${service} needs more rights than this process has; choose another with ${flag}.`,
      because,
    );
  }
  return new OperatorError(
    2,
    `${service} cannot listen on ${host}: ${error.message}; choose another address with --host.`,
    because,
  );
}

/** Stops taking requests; what is under way goes on. Resolves when the last connection has closed. */
export function stopAccepting({ server }: Listening): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
