import { expect } from 'chai';
import { observeKind } from '../../../../src/adapters/inbound/ws/mux/kinds/observe.ts';
import type { ObserveStream } from '../../../../src/application/streaming/observe-stream.ts';
import { anna } from '../../../support/mux-world.ts';

/** A running stream with the events 51 to 60 of its chat so far. */
const running = {
  execute: async () => ({ before: 50, historyEnd: 60, events: { close: () => undefined } }),
} as unknown as ObserveStream;

const OUT = {
  data: () => undefined,
  event: () => undefined,
  confirmed: async () => false,
  refuse: () => undefined,
  end: () => undefined,
};

describe('a mirror that is taken back', () => {
  for (const [offset, recovered, from] of [
    [0, true, 50],
    [50, true, 50],
    [51, true, 51],
    [60, true, 60],
    [49, false, 50],
    [20, false, 50],
    [61, false, 50],
  ] as const) {
    it(`behind ${offset} of a stream from 51 to 60 ${recovered ? 'misses nothing' : 'is told of the gap'}`, async () => {
      const opening = {
        principal: anna,
        params: { chatSessionId: 'chat' },
        requestId: 'request',
        replayed: () => undefined,
        offset,
      };
      const session = await observeKind(running).open(opening, OUT);
      expect([session.recovered, session.offset]).to.deep.equal([recovered, from]);
    });
  }
});
