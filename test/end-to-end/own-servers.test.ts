import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { startRedis } from '../../scripts/services/redis.ts';
import { eventually } from '../support/eventually.ts';

const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(socket.destroy().destroyed));
    socket.once('error', () => resolve(false));
  });

async function started(): Promise<{ starter: ChildProcess; url: string }> {
  const starter = spawn(process.execPath, ['test/support/programs/start-server.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (starter.stdout === null) throw new Error('its output is a pipe');
  const [url] = await once(createInterface(starter.stdout), 'line');
  return { starter, url };
}

describe('a server that tests start', () => {
  it('goes with the process that started it, even when that is killed', async () => {
    const { starter, url } = await started();
    expect(await answers(url)).to.equal(true);
    starter.kill('SIGKILL');
    await eventually(async () => expect(await answers(url)).to.equal(false));
  });

  it('can be killed and started over where it was', async () => {
    const server = await startRedis();
    await server.kill();
    expect(await answers(server.url)).to.equal(false);
    await server.restart();
    expect(await answers(server.url)).to.equal(true);
    await server.stop();
    expect(await answers(server.url)).to.equal(false);
  });
});
