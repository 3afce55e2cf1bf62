import { expect } from 'chai';
import type { OpenedStream } from '../../../src/application/streaming/open-stream.ts';
import { FleetWorld } from '../../support/fleet-world.ts';
import { ANNA, chatId } from '../../support/stream-builders.ts';

describe('a start with a key that opens at another node', () => {
  it('waits for it and gives the same stream', async () => {
    const fleet = await FleetWorld.create(2);
    const gate = Promise.withResolvers<void>();
    const reserve = fleet.holds.reserve.bind(fleet.holds);
    fleet.holds.reserve = async (request) => {
      await gate.promise;
      return reserve(request);
    };
    const start = (index: number): Promise<OpenedStream> =>
      fleet.node(index).world.openStream.execute({
        owner: ANNA,
        chatId: chatId(1),
        message: 'Once',
        key: { key: 'k', route: 'stream' },
      });
    const first = start(0);
    await fleet.timers.advance(0);
    const second = start(1);
    await fleet.timers.advance(500);
    gate.resolve();
    await fleet.timers.advance(200);
    const opened = await first;
    expect(await second).to.include({ id: opened.id, replayed: true });
    await fleet.close();
  });
});
