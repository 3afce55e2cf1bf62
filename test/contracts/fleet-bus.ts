import { expect } from 'chai';
import type { FleetBus, FleetListener } from '../../src/application/ports/fleet/fleet-bus.ts';
import { mintReviewId } from '../../src/domain/control/agent-event-id.ts';
import type { ControlWord } from '../../src/domain/control/control-word.ts';
import { muxSubscriberId } from '../../src/domain/multiplexing/subscriber-id.ts';
import { eventually } from '../support/eventually.ts';
import { numberedStream } from '../support/stream-builders.ts';

const SESSION = muxSubscriberId('s'.repeat(32));

/** Remembers in words what it is told, but not that words may have been lost. */
function listener(): FleetListener & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    onStopAsked: (id) => heard.push(`stop ${id}`),
    onRevoked: () => heard.push('revoked'),
    onMoved: (id, epoch) => heard.push(`moved ${id} ${epoch}`),
    onControl: (word) => heard.push(`control ${JSON.stringify(word)}`),
    onMissed: () => undefined,
  };
}

/** The behaviour of every `FleetBus`. `create` gives the buses of two nodes, connected. */
export function describeFleetBus(name: string, create: () => Promise<readonly [FleetBus, FleetBus]>): void {
  describe(`${name} as a FleetBus`, () => {
    let here: FleetBus;
    let there: FleetBus;
    beforeEach(async () => {
      [here, there] = await create();
    });

    const connected = (): Promise<void> =>
      eventually(async () => {
        expect([here.isConnected, there.isConnected]).to.deep.equal([true, true]);
      });

    it('carries words to every node, the one that says them too', async () => {
      const [own, other] = [listener(), listener()];
      here.listen(own);
      there.listen(other);
      await connected();
      here.askToStop(numberedStream(1));
      here.tellRevoked();
      here.tellMoved(SESSION, 7);
      for (const { heard } of [own, other]) {
        await eventually(async () =>
          expect(heard).to.have.members([`stop ${numberedStream(1)}`, 'revoked', `moved ${SESSION} 7`]),
        );
      }
    });

    it('carries what has changed for agents, whatever their sessions are called', async () => {
      const [own, other] = [listener(), listener()];
      here.listen(own);
      there.listen(other);
      await connected();
      const words: readonly ControlWord[] = [
        { kind: 'due', route: { owner: 'agent:night shift', sessionId: 'a b\u00e9 {"}' } },
        { kind: 'review', id: mintReviewId(1, 'r'.repeat(22)) },
        { kind: 'event' },
        { kind: 'policy' },
        { kind: 'owners', sessionId: 'a b' },
      ];
      for (const word of words) here.tellControl(word);
      const expected = words.map((word) => `control ${JSON.stringify(word)}`);
      for (const { heard } of [own, other]) {
        await eventually(async () => expect(heard).to.have.members(expected));
      }
    });

    it('tells nothing to who listens no more, and goes on telling others', async () => {
      const [gone, kept] = [listener(), listener()];
      const leave = there.listen(gone);
      there.listen(kept);
      leave();
      leave();
      await connected();
      here.askToStop(numberedStream(2));
      await eventually(async () => expect(kept.heard).to.deep.equal([`stop ${numberedStream(2)}`]));
      expect(gone.heard).to.deep.equal([]);
    });
  });
}
