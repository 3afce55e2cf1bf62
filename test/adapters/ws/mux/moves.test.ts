import { expect } from 'chai';
import { ECHO } from '../../../../src/adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { MuxWorld } from '../../../support/mux-world.ts';

const COPIES = 4;

describe('a session that moves on while a copy of it is still being opened', () => {
  for (const order of ['the first', 'the last'] as const) {
    it(`stays open in its newest epoch alone, when ${order} copy is open first`, async () => {
      const waiting: Array<() => void> = [];
      const slow: Kind = {
        ...ECHO,
        open: async (opening, out) => {
          if (opening.offset !== undefined) await new Promise<void>((resolve) => waiting.push(resolve));
          return ECHO.open(opening, out);
        },
      };
      const world = new MuxWorld({}, [slow]);
      const { sessionId, resumeToken } = await world.open(world.connect());
      const racers = Array.from({ length: COPIES }, () => world.connect());
      const resume = { sessionId, token: resumeToken, offset: 0 };
      for (const client of racers) client.send(undefined, 'OPEN', { ref: 'race', kind: 'echo', resume });
      await world.settle();
      const copies = order === 'the first' ? waiting : waiting.reverse();
      for (const open of copies) {
        open();
        await world.settle();
      }
      const opened = racers.flatMap(({ received }) => received.filter(({ name }) => name === 'OPENED'));
      expect(opened).to.have.length(COPIES);
      const isOpen = racers.map((client) => {
        const { handle } = client.received.find(({ name }) => name === 'OPENED')?.json ?? {};
        return client.on(handle, 'CLOSE').every(({ json }) => json.code !== 4501);
      });
      const epochs = opened.map(({ json }) => json.epoch as number);
      expect(epochs.filter((_, at) => isOpen[at])).to.deep.equal([Math.max(...epochs)]);
      expect([...world.connections.held().values()].map(({ epoch }) => epoch)).to.deep.equal([
        Math.max(...epochs),
      ]);
    });
  }
});
