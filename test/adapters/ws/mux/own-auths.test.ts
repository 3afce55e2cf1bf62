import { expect } from 'chai';
import { CONNECTION_QUEUE_BYTES } from '../../../../src/adapters/inbound/ws/mux/mux-limits.ts';
import { anna, MuxWorld } from '../../../support/mux-world.ts';

const HOUR_MS = 3_600_000;
const NOBODY = '0'.repeat(16);

/** An AUTH of so many bytes. */
function authOf(bytes: number): Buffer {
  const empty = JSON.stringify({ credential: 'good', more: '' });
  return Buffer.from(JSON.stringify({ credential: 'good', more: 'x'.repeat(bytes - empty.length) }));
}

describe('AUTHs on handle 0', () => {
  it('are acted on one after the other, so that the last one shown is the one that counts', async () => {
    const world = new MuxWorld();
    const looks = new Map<string, () => void>();
    world.look = (credential) =>
      new Promise((resolve) => {
        looks.set(credential, () => resolve(anna(`login of ${credential}`)));
      });
    const { socket, connection } = world.connectAs(anna(), HOUR_MS);
    for (const credential of ['first', 'second']) socket.send(undefined, 'AUTH', { credential });
    await world.settle();
    expect([...looks.keys()]).to.deep.equal(['first']);
    looks.get('first')?.();
    await world.settle();
    looks.get('second')?.();
    await world.settle();
    expect(socket.on(NOBODY, 'AUTHED')).to.have.length(2);
    const { principal } = connection.authority;
    expect(principal.kind === 'user' && principal.loginSessionId).to.equal('login of second');
  });

  for (const [what, more, code] of [
    ['as many bytes of them as a connection may have wait', 0, undefined],
    ['one more closes the socket with 4008', 1, 4008],
  ] as const) {
    it(`are bounded while nobody can say whose they are: ${what}`, async () => {
      const world = new MuxWorld();
      world.look = () => new Promise(() => undefined);
      const client = world.connect();
      const half = CONNECTION_QUEUE_BYTES / 2 - 9;
      for (const bytes of [1_000, half, half + more]) client.send(undefined, 'AUTH', authOf(bytes));
      await world.settle();
      expect(client.code).to.equal(code);
    });
  }
});
