import { expect } from 'chai';
import { ANNA, chatId } from '../../support/stream-builders.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

describe('a stream that is stored as running while its node has not been told', () => {
  /** A start whose activation is stored, and whose answer comes when the test lets it. */
  async function untold() {
    const world = await StreamingWorld.create();
    const answer = Promise.withResolvers<void>();
    const activate = world.streams.activate.bind(world.streams);
    world.streams.activate = async (...given) => {
      const isDone = await activate(...given);
      await answer.promise;
      return isDone;
    };
    const starting = world.open();
    await world.timers.advance(0);
    const [session] = await world.streams.active();
    if (session === undefined) throw new Error('nothing was activated');
    expect(session.state).to.equal('running');
    return { world, starting, id: session.id, tell: () => answer.resolve() };
  }

  it('asks no model any more when it is stopped from there, and is billed nothing', async () => {
    const { world, starting, id, tell } = await untold();
    const actor = { actor: ANNA } as const;
    const stopping = world.stopStream.execute({
      ...actor,
      owner: ANNA,
      chatId: chatId(1),
      claimedId: id,
      requestId: 'r',
    });
    await world.timers.advance(10);
    tell();
    const opened = await starting;
    opened.begin();
    await world.timers.advance(2_000);
    expect(await stopping).to.deep.include({ streamingSessionId: id, state: 'stopped', tokensUsed: 0 });
    expect(world.model.calls).to.deep.equal([]);
    const read = [];
    for await (const events of opened.events) read.push(...events.map(({ type }) => type));
    expect(read).to.deep.equal(['session', 'done']);
  });
});
