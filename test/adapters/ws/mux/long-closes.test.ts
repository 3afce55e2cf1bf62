import { expect } from 'chai';
import { MUX_LIMITS } from '../../../../src/adapters/inbound/ws/mux/mux-limits.ts';
import { MuxWorld } from '../../../support/mux-world.ts';

/** A CLOSE of so many bytes, the most of them in a member that nobody knows. */
function closeOf(bytes: number): Buffer {
  const empty = JSON.stringify({ code: 1000, reason: '', more: '' });
  return Buffer.from(JSON.stringify({ code: 1000, reason: '', more: 'x'.repeat(bytes - empty.length) }));
}

describe('a CLOSE of a session', () => {
  it('may be as long as any frame of it', async () => {
    const world = new MuxWorld();
    const client = world.connect();
    const { at, handle } = await world.open(client);
    client.send(at, 'CLOSE', closeOf(MUX_LIMITS.maxMessageBytes));
    await world.settle();
    expect(client.on(handle, 'CLOSE').map(({ json }) => json)).to.deep.equal([{ code: 1000, reason: '' }]);
  });

  it('costs that session alone when it is one byte longer, and ends nothing for good', async () => {
    const world = new MuxWorld();
    const client = world.connect();
    const { at, handle, sessionId, resumeToken } = await world.open(client);
    const sibling = await world.open(client);
    client.send(at, 'CLOSE', closeOf(MUX_LIMITS.maxMessageBytes + 1));
    client.send(sibling.at, 'DATA', Buffer.from('undisturbed'));
    await world.settle();
    expect(client.on(handle, 'ERROR').map(({ json }) => json.code)).to.deep.equal(['message.too_large']);
    expect(client.on(handle, 'CLOSE').map(({ json }) => json.code)).to.deep.equal([1009]);
    expect(client.on(sibling.handle, 'DATA')).to.have.length(1);
    const back = await world.open(client, { resume: { sessionId, token: resumeToken, offset: 0 } });
    expect(back.epoch).to.equal(2);
  });
});
