import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { EventStreams } from '../../../../src/adapters/inbound/http/sse-response.ts';
import type { LoginSessionId, UserId } from '../../../../src/domain/identity/ids.ts';
import type { UserPrincipal } from '../../../../src/domain/identity/principal.ts';
import type { StreamId } from '../../../../src/domain/streaming/stream-id.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';

const INTERVAL_MS = 60_000;

const reader = (login: string, byCookie: boolean): UserPrincipal => ({
  kind: 'user',
  userId: `u_${'1'.repeat(32)}` as UserId,
  username: 'ada',
  email: 'ada@example.org',
  role: 'user',
  loginSessionId: login as LoginSessionId,
  ...(byCookie ? { byCookie: true } : {}),
});

describe('the readers of event streams', () => {
  let timers: ManualTimers;
  let server: Server;
  let live: Set<string>;
  let told: string[];
  const clients: IncomingMessage[] = [];

  beforeEach(async () => {
    timers = new ManualTimers();
    live = new Set(['one', 'two', 'three']);
    told = [];
    const isLive = async (id: string): Promise<boolean> => live.has(id);
    const streams = new EventStreams({
      timers,
      sessions: {
        isLive: async (principal) => principal.kind === 'user' && isLive(principal.loginSessionId),
      },
      loginEnds: { subscribe: () => () => undefined },
      use: {
        intervalMs: INTERVAL_MS,
        tell: (id) => {
          told.push(id);
          return isLive(id);
        },
      },
    });
    server = createServer(({ url = '' }, response) => {
      const [, login = '', kind] = url.split('/');
      const head = { id: 'stream-1' as StreamId, reader: reader(login, kind === 'cookie') };
      streams.open(response, head, () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    server.closeAllConnections();
    server.close();
  });

  const open = async (path: string): Promise<IncomingMessage> => {
    const { port } = server.address() as AddressInfo;
    const [response] = (await once(get({ port, host: '127.0.0.1', path, agent: false }), 'response')) as [
      IncomingMessage,
    ];
    response.on('error', () => undefined).resume();
    clients.push(response);
    return response;
  };
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 500) await timers.advance(500);
  };

  it('tell once in a while that their cookie is in use, once for all of a login', async () => {
    await open('/one/cookie');
    await open('/one/cookie');
    await open('/two/cookie');
    await pass(INTERVAL_MS - 500);
    expect(told).to.deep.equal([]);
    await pass(500);
    expect(told).to.have.members(['one', 'two']);
    await pass(INTERVAL_MS);
    expect(told).to.have.members(['one', 'two', 'one', 'two']);
  });

  it('tell nothing of a login by tokens, which does not end idle', async () => {
    await open('/three/bearer');
    await pass(2 * INTERVAL_MS);
    expect(told).to.deep.equal([]);
  });

  it('are cut when their login turns out to have come to its absolute end', async () => {
    const ended = await open('/one/cookie');
    const other = await open('/two/cookie');
    const gone = new Promise<void>((resolve) => ended.once('close', resolve));
    live.delete('one');
    await pass(INTERVAL_MS);
    await gone;
    expect(other.destroyed).to.equal(false);
  });
});
