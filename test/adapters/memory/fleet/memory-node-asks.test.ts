import { expect } from 'chai';
import { MemoryNodeAsks } from '../../../../src/adapters/outbound/memory/fleet/memory-node-asks.ts';
import { MAX_ASKS } from '../../../../src/application/ports/fleet/node-asks.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { describeNodeAsks } from '../../../contracts/node-asks.ts';

describeNodeAsks('MemoryNodeAsks', async () => {
  const first = new MemoryNodeAsks();
  return [first, new MemoryNodeAsks(first), new MemoryNodeAsks(first)];
});

describe('a node that is alone', () => {
  it('asks nobody, and does not wait', async () => {
    expect(await new MemoryNodeAsks().ask('anybody?', { withinMs: 60_000 })).to.deep.equal([]);
  });

  it('asks no more at once than it may', async () => {
    const node = new MemoryNodeAsks();
    new MemoryNodeAsks(node).answer(() => new Promise(() => undefined));
    const asked = Array.from({ length: MAX_ASKS }, () => node.ask('well?', { withinMs: 100 }));
    const more = await node.ask('well?', { withinMs: 100 }).catch((error: unknown) => error);
    expect(more).to.be.instanceOf(PortError);
    expect(await Promise.all(asked)).to.deep.equal(asked.map(() => []));
  });
});
