import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type AdmittedUpgrade, UpgradeGuard } from '../../../src/adapters/inbound/ws/upgrade-guard.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import type { Principal } from '../../../src/domain/identity/principal.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const SERVICE: Principal = { kind: 'service' };
/** Most upgrades that are looked at together. */
const MAX_PENDING = 256;

describe('the upgrade guard', () => {
  let server: Server;
  let guard: UpgradeGuard;
  let opened: AdmittedUpgrade[];
  let admit: () => Promise<Principal>;
  let open: (upgrade: AdmittedUpgrade) => void;
  const clients: Socket[] = [];

  beforeEach(async () => {
    opened = [];
    admit = async () => SERVICE;
    open = (upgrade) => void opened.push(upgrade);
    const refuse = (text: string) => (): never => {
      throw new Error(text);
    };
    guard = new UpgradeGuard({
      routes: [{ path: '/ws', permission: 'service', open: (upgrade) => open(upgrade) }],
      door: {
        requireName: () => undefined,
        admit: () => admit(),
        refuseUnrouted: refuse('nothing'),
        refuseBusy: refuse('busy'),
        refusalText: (error) => `HTTP/1.1 400 ${(error as Error).message}\r\nContent-Length: 0\r\n\r\n`,
      },
      ids: new CryptoIdSource(),
      log: new RecordingLog(),
    });
    server = createServer();
    guard.attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    guard.closeAll();
    server.close();
  });

  const ask = (path = '/ws', method = 'GET'): Socket => {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => client.destroy());
    client.write(
      `${method} ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    clients.push(client);
    return client;
  };
  const answer = async (client: Socket): Promise<string> =>
    String((await once(client, 'data'))[0]).split('\r\n')[0] ?? '';

  it('hands the connection over with who was let in, once for each', async () => {
    const taken = new Promise<AdmittedUpgrade>((resolve) => {
      open = resolve;
    });
    ask('/ws?ticket=t');
    const { principal, request, requestId } = await taken;
    expect([principal, request.url]).to.deep.equal([SERVICE, '/ws?ticket=t']);
    expect(requestId).to.match(/^[0-9a-f-]{36}$/);
  });

  it('knows an address by its whole path, and by GET alone', async () => {
    for (const path of ['/', '/ws/', '/ws/x', '/WS', '//ws', '/%77s']) {
      expect(await answer(ask(path)), path).to.equal('HTTP/1.1 400 nothing');
    }
    expect(await answer(ask('/ws', 'POST'))).to.equal('HTTP/1.1 400 nothing');
    expect(opened).to.deep.equal([]);
  });

  it('hands over nobody who has gone while he was looked at', async () => {
    const asked = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<Principal>();
    admit = () => {
      asked.resolve();
      return decided.promise;
    };
    const connected = once(server, 'connection');
    const client = ask();
    const [remote] = (await connected) as [Socket];
    await asked.promise;
    client.resetAndDestroy();
    remote.resume();
    await new Promise((resolve) => remote.once('close', resolve));
    decided.resolve(SERVICE);
    await decided.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(opened).to.deep.equal([]);
  });

  it('looks at only so many at once, and at the next when one has been let in', async () => {
    const decided = Promise.withResolvers<Principal>();
    let looking = 0;
    const full = Promise.withResolvers<void>();
    admit = () => {
      looking += 1;
      if (looking === MAX_PENDING) full.resolve();
      return decided.promise;
    };
    for (let count = 0; count < MAX_PENDING; count += 1) ask();
    await full.promise;
    expect(await answer(ask())).to.equal('HTTP/1.1 400 busy');
    decided.resolve(SERVICE);
    const taken = new Promise<void>((resolve) => {
      open = (upgrade) => {
        opened.push(upgrade);
        if (opened.length === MAX_PENDING + 1) resolve();
      };
    });
    ask();
    await taken;
  });

  it('says so when a route fails, and cuts what it still holds at the end', async () => {
    open = () => {
      throw new Error('fails');
    };
    expect(await answer(ask())).to.equal('HTTP/1.1 400 fails');
    const taken = new Promise<AdmittedUpgrade>((resolve) => {
      open = resolve;
    });
    const client = ask();
    await taken;
    const closed = once(client, 'close');
    client.resume();
    guard.closeAll();
    await closed;
  });
});
