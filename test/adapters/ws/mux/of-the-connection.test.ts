import { expect } from 'chai';
import { CLOSE_CODES, isCloseCode } from '../../../../src/adapters/inbound/ws/mux/codes.ts';
import { MuxWorld } from '../../../support/mux-world.ts';

describe('a CLOSE on handle 0', () => {
  for (const code of Object.keys(CLOSE_CODES).map(Number).filter(isCloseCode)) {
    it(`of ${code} closes the socket with that code, and leaves its sessions to be taken back`, async () => {
      const world = new MuxWorld();
      const [client, other] = [world.connect(), world.connect()];
      const { sessionId, resumeToken } = await world.open(client);
      await world.open(other);
      client.send(undefined, 'CLOSE', { code, reason: 'away' });
      await world.settle();
      expect([client.code, other.code]).to.deep.equal([code, undefined]);
      const back = await world.open(other, { resume: { sessionId, token: resumeToken, offset: 0 } });
      expect(back.epoch).to.equal(2);
    });
  }
});

describe('the weight of a session', () => {
  for (const [asked, granted] of [
    [undefined, 10],
    [1, 1],
    [9, 9],
    [11, 10],
    [100, 10],
  ] as const) {
    it(`is ${granted} where ${asked ?? 'none'} is asked for, since policy grants it and not the wish`, async () => {
      const world = new MuxWorld();
      const client = world.connect();
      const { at } = await world.open(client, asked === undefined ? {} : { weight: asked });
      client.send(at, 'DATA', Buffer.from('x'));
      await world.settle();
      const [session] = world.connections.held().values();
      expect([session?.inbound?.weight, session?.outbound?.weight]).to.deep.equal([granted, granted]);
    });
  }
});
