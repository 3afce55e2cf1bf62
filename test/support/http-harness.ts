import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createHttpApp } from '../../src/adapters/inbound/http/app.ts';
import type { Edge } from '../../src/adapters/inbound/http/edge.ts';
import { createHttpServer } from '../../src/adapters/inbound/http/http-server.ts';
import type { Route } from '../../src/adapters/inbound/http/route.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { PromMetrics } from '../../src/adapters/outbound/system/prom-metrics.ts';
import type { Budget } from '../../src/application/budget.ts';
import { Authenticate } from '../../src/application/identity/authenticate.ts';
import { DomainError } from '../../src/domain/domain-error.ts';
import { NO_KEYS } from './no-keys.ts';
import { RecordingLog } from './recording-log.ts';

/** Routes served by the real HTTP base on a free port of loopback; nobody can log in. */
export interface HttpHarness {
  readonly url: string;
  readonly port: number;
  readonly log: RecordingLog;
  /** Sends bytes as they are and returns everything that came back until the server closed. */
  raw(bytes: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

/** Serves routes for a test. */
export async function serveRoutes(
  routes: readonly Route[],
  edge?: Edge,
  budget?: () => Budget,
): Promise<HttpHarness> {
  const log = new RecordingLog();
  const ids = new CryptoIdSource();
  const authenticate = new Authenticate({
    ...NO_KEYS,
    tokens: {
      verify: async () => {
        throw new DomainError('credential.invalid', 'The credential is not valid');
      },
    },
    sessions: { isLive: async () => true },
    serviceKeys: { accepts: (presented) => presented === 'the-service-key' },
  });
  const metrics = new PromMetrics({ processMetrics: false });
  const app = createHttpApp({
    routes,
    authenticate,
    ids,
    log,
    metrics,
    ...(edge && { edge }),
    ...(budget && { budget }),
  });
  const server: Server = createHttpServer(app.callback(), () => ids.uuid());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    log,
    raw: (bytes) => exchange(port, bytes),
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function exchange(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => socket.destroy());
  socket.end(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}
