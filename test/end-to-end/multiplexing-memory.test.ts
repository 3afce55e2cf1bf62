import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { ATTACKS } from '../support/mux-attacks.ts';
import { MuxClient } from '../support/mux-client.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

const MIB = 2 ** 20;
/** What any of the attacks may make of the heap and of buffers while it goes on, in bytes. */
const MOST_HELD_BYTES = 24 * MIB;
/** What may be left of it when it is over, with code that had never run before, in bytes. */
const MOST_LEFT_BYTES = 8 * MIB;
/** How much more of the machine's memory all of them together may take, in bytes. */
const MOST_RESIDENT_BYTES = 128 * MIB;

interface Taken {
  readonly held: number;
  readonly resident: number;
}

describe('the memory of a server with multiplexed connections', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const file = join(folder, 'memory');
  let server: RunningServer;
  let user: ApiClient;

  before(async () => {
    const program = 'test/support/programs/measured-server.ts';
    const flags = ['--demo', '--websocket-multiplexing-echo'];
    server = await RunningServer.start(flags, undefined, { MEMORY_FILE: file }, [], program);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(async () => {
    await server.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  async function taken(): Promise<Taken> {
    rmSync(file, { force: true });
    server.signal('SIGUSR2');
    await eventually(async () => expect(existsSync(file)).to.equal(true));
    const { heapUsed, external, rss } = JSON.parse(readFileSync(file, 'utf8')) as NodeJS.MemoryUsage;
    return { held: heapUsed + external, resident: rss };
  }

  let atFirst: Taken | undefined;
  for (const [name, attack] of Object.entries(ATTACKS)) {
    it(`stays bounded through ${name}`, async () => {
      const before = await taken();
      atFirst ??= before;
      const stop = await attack(server, user.token ?? '');
      const during = await taken();
      await stop();
      expect(during.held - before.held).to.be.lessThan(MOST_HELD_BYTES);
      await eventually(async () => {
        expect((await taken()).held - before.held).to.be.lessThan(MOST_LEFT_BYTES);
      });
      expect((await taken()).resident - atFirst.resident).to.be.lessThan(MOST_RESIDENT_BYTES);
    });
  }

  it('is not given to a message in more fragments than it may have', async () => {
    const client = await MuxClient.connect(server.urls.chat, user.token ?? '');
    for (let sent = 0; sent < 1_025; sent += 1) client.socket.send(Buffer.alloc(1), { fin: false });
    expect(await client.closed).to.equal(1009);
  });

  it('is enough for everybody else after all of that', async () => {
    const other = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    const client = await MuxClient.connect(server.urls.chat, other.token);
    const { handle } = await client.open('echo');
    client.send(handle, 'DATA', Buffer.from('still here'));
    expect((await client.on(handle, 'DATA')).bytes.toString()).to.equal('still here');
    client.socket.terminate();
  });
});
