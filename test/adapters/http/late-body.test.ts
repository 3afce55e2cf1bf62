import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { type IdentityService, serveIdentity } from '../../support/identity-service.ts';

describe('a body that is held back', () => {
  let service: IdentityService;

  beforeEach(async () => {
    service = await serveIdentity();
    await service.world.addUser('ada', 'admin');
  });
  afterEach(() => service.close());

  /** Sends a request but for the end of its body, runs `meanwhile` once the credential was let in, and sends the rest. */
  async function sendHeldBack(bearer: string, meanwhile: () => Promise<unknown>): Promise<string> {
    const { world, origin } = service;
    const admitted = Promise.withResolvers<void>();
    const isLive = world.status.isLive.bind(world.status);
    world.status.isLive = async (principal) => {
      const live = await isLive(principal);
      admitted.resolve();
      return live;
    };
    const body = JSON.stringify({ username: 'eve', email: 'eve@example.org', password: 'long enough' });
    const head = [
      'POST /api/admin/users HTTP/1.1',
      `Host: ${origin.host}`,
      `Authorization: Bearer ${bearer}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: close',
    ].join('\r\n');
    const socket = connect(Number(origin.port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(`${head}\r\n\r\n${body.slice(0, 5)}`);
    await admitted.promise;
    await meanwhile();
    socket.write(body.slice(5));
    await once(socket, 'close');
    return Buffer.concat(chunks).toString();
  }

  it('is served while the login lives', async () => {
    const { accessToken } = await service.world.login('ada');
    const answer = await sendHeldBack(accessToken, async () => undefined);
    expect(answer).to.match(/^HTTP\/1\.1 201 /);
  });

  it('is refused when the login ended while it was on its way, and does nothing', async () => {
    const { accessToken, refreshToken } = await service.world.login('ada');
    const answer = await sendHeldBack(accessToken, () =>
      service.world.logOut.execute({ refreshToken, everywhere: false }),
    );
    expect(answer).to.match(/^HTTP\/1\.1 401 /);
    expect(await service.world.users.findByUsername('eve')).to.equal(undefined);
  });
});
