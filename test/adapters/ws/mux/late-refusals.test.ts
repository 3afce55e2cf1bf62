import { expect } from 'chai';
import { ECHO } from '../../../../src/adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { MuxRefusal } from '../../../../src/adapters/inbound/ws/mux/mux-refusal.ts';
import { claimedMuxId } from '../../../../src/domain/multiplexing/subscriber-id.ts';
import { MuxWorld } from '../../../support/mux-world.ts';

describe('a resume that finds out late that nothing is behind its session', () => {
  it('takes nothing from who has taken the session back meanwhile, and found something', async () => {
    const looks: Array<PromiseWithResolvers<void>> = [];
    const kind: Kind = {
      ...ECHO,
      open: async (opening, out) => {
        if (opening.offset !== undefined) {
          const look = Promise.withResolvers<void>();
          looks.push(look);
          await look.promise;
        }
        return ECHO.open(opening, out);
      },
    };
    const world = new MuxWorld({}, [kind]);
    const { sessionId, resumeToken } = await world.open(world.connect());
    const resume = { sessionId, token: resumeToken, offset: 0 };
    const [slow, quick] = [world.connect(), world.connect()];
    slow.send(undefined, 'OPEN', { ref: 'slow', kind: 'echo', resume });
    await world.settle();
    quick.send(undefined, 'OPEN', { ref: 'quick', kind: 'echo', resume });
    await world.settle();
    looks[1]?.resolve();
    await world.settle();
    looks[0]?.reject(new MuxRefusal('params.invalid', 'There is nothing'));
    await world.settle();
    const [refused] = slow.received;
    expect([refused?.json.ref, refused?.json.code]).to.deep.equal(['slow', 'params.invalid']);
    const id = claimedMuxId(sessionId);
    expect(id && (await world.directory.find(id))?.epoch).to.equal(3);
  });
});
