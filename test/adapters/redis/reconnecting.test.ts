import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { aLink, type LinkUnderTest, ownPrefix } from '../../support/redis.ts';

/** The first rest before a connection is made again, and the factor by which each is longer than the last, in milliseconds. */
const FIRST_REST_MS = 50;
const FACTOR = 2;
/** How much earlier a timer may fire than it says, in milliseconds. */
const EARLY_MS = 2;
/** Attempts of each of the two connections that are looked at. */
const ATTEMPTS = 6;

describe('a link whose connections are made and come to nothing', function () {
  this.timeout(60_000);
  let server: Server;
  let subject: LinkUnderTest;
  /** When each connection was made, by what it says that it is for, in milliseconds. */
  let madeAtMs: Map<string, number[]>;

  beforeEach(async () => {
    madeAtMs = new Map();
    server = createServer((socket) => connected(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    subject = aLink(url, ownPrefix());
  });
  afterEach(async () => {
    subject.link.close();
    server.close();
    await once(server, 'close');
  });

  /** Takes a connection as a proxy does whose server is gone: it is there, and closed at the first word. */
  function connected(socket: Socket): void {
    socket.on('error', () => undefined);
    const atMs = performance.now();
    socket.once('data', (data) => {
      const name = /holdfast[a-z-]*/.exec(data.toString('latin1'))?.[0] ?? '';
      madeAtMs.set(name, [...(madeAtMs.get(name) ?? []), atMs]);
      socket.destroy();
    });
  }

  const restsOf = (name: string): number[] => {
    const times = madeAtMs.get(name) ?? [];
    return times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  };

  it('makes them again after rests that grow, each connection by itself', async () => {
    await eventually(async () => {
      for (const name of ['holdfast', 'holdfast-heard']) {
        expect(madeAtMs.get(name)?.length).to.be.at.least(ATTEMPTS);
      }
    }, 30_000);
    for (const name of ['holdfast', 'holdfast-heard']) {
      for (const [index, restMs] of restsOf(name)
        .slice(0, ATTEMPTS - 1)
        .entries()) {
        expect(restMs).to.be.at.least(FIRST_REST_MS * FACTOR ** index - EARLY_MS);
      }
    }
    expect(subject.log.lines).to.have.length(1);
  });
});
