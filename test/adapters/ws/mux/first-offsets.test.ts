import { expect } from 'chai';
import { BufferPool } from '../../../../src/adapters/inbound/ws/mux/buffer-pool.ts';
import { FrameWriter } from '../../../../src/adapters/inbound/ws/mux/frame-writer.ts';
import { ScriptedSocket } from '../../../support/scripted-socket.ts';

describe('an EVENT before the first of a chat, which tells that a log is lost', () => {
  for (const batch of [false, true]) {
    it(`has an offset as every EVENT has, ${batch ? 'within a BATCH' : 'in a message of its own'}`, () => {
      const { stream, received } = new ScriptedSocket();
      const writer = new FrameWriter(new BufferPool(), batch);
      for (const offset of [0, 1]) writer.add({ high: 1, low: 2 }, 'EVENT', Buffer.from('{"a":1}'), offset);
      writer.flush(stream);
      expect(received.map(({ name, offset, json }) => [name, offset, json])).to.deep.equal([
        ['EVENT', 0, { a: 1 }],
        ['EVENT', 1, { a: 1 }],
      ]);
    });
  }
});
