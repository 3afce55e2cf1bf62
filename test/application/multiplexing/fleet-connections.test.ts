import { expect } from 'chai';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemoryNodeAsks } from '../../../src/adapters/outbound/memory/fleet/memory-node-asks.ts';
import { FleetConnections } from '../../../src/application/multiplexing/fleet-connections.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('asking every node about its connections', () => {
  it('is refused by a node that is none at the moment, and brings no process down while leases are slow', async () => {
    const unheard: unknown[] = [];
    const onRejection = (error: unknown): void => void unheard.push(error);
    const leases = new MemoryLeases({ clock: new ManualClock() });
    let answer: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const node = {
      get id(): never {
        throw new PortError('unavailable', 'node', 'no member at the moment');
      },
    };
    const fleet = new FleetConnections({
      own: {
        look: async () => [],
        ownerOf: () => undefined,
        kick: async () => false,
        kickSession: () => false,
      },
      asks: new MemoryNodeAsks(),
      leases: Object.assign(leases, { list: () => slow.then(() => []) }),
      node,
    });
    process.on('unhandledRejection', onRejection);
    try {
      const asked = fleet.ask({ kind: 'owner', connection: 'any' }).catch((error: unknown) => error);
      // Whoever is told of rejections that nobody hears is told after a turn of the event loop.
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      answer();
      expect(await asked).to.be.instanceOf(PortError);
      expect(unheard).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
  });
});
