import { expect } from 'chai';
import { Budget } from '../../../src/application/budget.ts';
import { expectFault } from '../../support/faults.ts';
import { ANNA, chatId } from '../../support/stream-builders.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

const LIMIT_MS = 10_000;

/** Calls of a start, in their order: a store that is slow there spends the caller's time. */
const CALLS = ['find', 'claim', 'messages', 'reserve', 'takeRoom', 'activate'] as const;

describe('a caller whose time is spent before anything was promised', () => {
  let world: StreamingWorld;
  let budget: Budget;

  beforeEach(async () => {
    world = await StreamingWorld.create({ maxReaders: 2 });
    const { timers, clock } = world;
    budget = new Budget({ timers, monotonicMs: () => clock.nowMs(), limitMs: LIMIT_MS });
  });

  /** Lets one call of a store take longer than the caller waits. */
  function slowDown(call: string): void {
    const owner = [world.streams, world.holds, world.chats].find((it) => call in it) as unknown as Record<
      string,
      (...given: unknown[]) => Promise<unknown>
    >;
    const quick = owner[call]?.bind(owner);
    owner[call] = async (...given) => {
      const answer = await quick?.(...given);
      await world.timers.sleep(LIMIT_MS + 1);
      owner[call] = quick as (typeof owner)[string];
      return answer;
    };
  }

  const start = () =>
    budget.spend(() => world.openStream.execute({ owner: ANNA, chatId: chatId(1), message: 'Why?', budget }));

  for (const call of CALLS) {
    it(`is refused while ${call} is slow, and nothing runs, is held or is asked of a model afterwards`, async () => {
      slowDown(call);
      const refused = expectFault(start(), 'timeout');
      await world.timers.advance(LIMIT_MS);
      await refused;
      await world.timers.advance(60_000);
      expect(await world.streams.active()).to.deep.equal([]);
      expect(world.model.calls).to.deep.equal([]);
      expect(world.holds.resolved.map(({ id }) => id)).to.deep.equal(world.holds.reserved);
      expect((await world.open()).replayed).to.equal(false);
    });
  }

  it('leaves no reader behind where he came to read', async () => {
    await world.open();
    slowDown('latestOf');
    const follow = (patience?: Budget) =>
      world.followStream.execute({ owner: ANNA, chatId: chatId(1), ...(patience && { budget: patience }) });
    const refused = expectFault(
      budget.spend(() => follow(budget)),
      'timeout',
    );
    await world.timers.advance(LIMIT_MS + 1);
    await refused;
    expect((await follow()).kind, 'the last place is free').to.equal('following');
  });

  it('has got his promise when his stream has opened in time, however long it runs', async () => {
    const opened = await start();
    opened.begin();
    await world.timers.advance(LIMIT_MS * 2);
    expect(budget.isSpent).to.equal(false);
    expect((await world.streams.active()).map(({ id }) => id)).to.deep.equal([opened.id]);
  });
});
