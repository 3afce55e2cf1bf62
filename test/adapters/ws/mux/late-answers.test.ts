import { expect } from 'chai';
import { anna, MuxWorld } from '../../../support/mux-world.ts';

const FIRST = {
  OPEN: { ref: 'r', kind: 'echo' },
  AUTH: { credential: 'another' },
} as const;

describe('what the first frame of a connection is answered', () => {
  for (const name of ['OPEN', 'AUTH'] as const) {
    it(`does not follow the close that came while ${name} was looked at`, async () => {
      const world = new MuxWorld();
      const { socket, connection } = world.connectAs(anna());
      socket.send(undefined, name, FIRST[name]);
      connection.close(1000, '');
      const before = socket.received.length;
      await world.settle();
      expect([socket.code, socket.received.length]).to.deep.equal([1000, before]);
    });
  }
});
