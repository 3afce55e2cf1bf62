import { expect } from 'chai';
import { FleetWorld } from '../../support/fleet-world.ts';
import { ANNA, chatId } from '../../support/stream-builders.ts';
import { LEASE_MS, readAll } from '../../support/streaming-world.ts';

/** Within so long other nodes have ended what a node that is gone has left, in milliseconds. */
const NOTICED_MS = 2 * LEASE_MS;

describe('a node that is gone', () => {
  let fleet: FleetWorld;
  beforeEach(async () => {
    fleet = await FleetWorld.create(3);
  });
  afterEach(() => fleet.close());

  const reader = async (index: number) => {
    const followed = await fleet.node(index).world.followStream.execute({ owner: ANNA, chatId: chatId(1) });
    if (followed.kind !== 'following') throw new Error('there is a stream');
    return readAll(followed.events);
  };

  for (const words of ['with', 'without'] as const) {
    it(`has its streams interrupted and settled, and readers elsewhere told, ${words} words between the nodes`, async () => {
      fleet.loseWords(words === 'without');
      const [first, second] = [fleet.node(0), fleet.node(1)];
      const opened = await first.world.begin();
      first.world.model.call.say('a', 'b');
      await fleet.timers.advance(0);
      const reading = reader(1);
      first.pause();
      await fleet.timers.advance(NOTICED_MS);
      second.tail.poll();
      expect(second.world.stored(opened.id).end).to.include({ kind: 'interrupted', outputTokens: 2 });
      expect((await reading).map(({ type }) => type)).to.deep.equal(['session', 'chunk', 'chunk', 'error']);
      expect(fleet.holds.resolutionsOf(opened.id)).to.have.length(1);
      expect(fleet.holds.resolved).to.deep.equal([{ kind: 'abort', id: opened.id, tokens: 6 }]);
      expect(await fleet.leases.list('node/')).to.have.length(2);
    });
  }

  it('has what was wished stopped ended as stopped, and the rest as interrupted', async () => {
    const [first, second] = [fleet.node(0), fleet.node(1)];
    await first.world.addChat(2);
    const [wished, other] = [await first.world.begin(), await first.world.begin(2)];
    first.pause();
    expect(await second.world.streams.wishStop(wished.id)).to.equal(true);
    await fleet.timers.advance(NOTICED_MS);
    expect(second.world.stored(wished.id))
      .to.include({ state: 'stopped' })
      .and.not.have.property('stopWished');
    expect(second.world.stored(wished.id).end).to.include({ kind: 'stopped', finishReason: 'stopped' });
    expect(second.world.stored(other.id).end).to.include({ kind: 'interrupted' });
    const said = second.world.log.lines.concat(fleet.node(2).world.log.lines);
    const ended = said.find(({ message }) => message === 'ended the streams of a node that is gone');
    expect(ended?.fields).to.include({ abandoned: 0, interrupted: 1, stopped: 1 });
  });

  it('has its claims undone, and frees their slots', async () => {
    const [first, second] = [fleet.node(0), fleet.node(1)];
    fleet.holds.reserve = () => new Promise<never>(() => undefined);
    void first.world.open();
    await fleet.timers.advance(0);
    first.pause();
    await fleet.timers.advance(NOTICED_MS);
    expect(fleet.store.streams.size).to.equal(0);
    await second.world.settleIntents.pass();
    expect(fleet.holds.resolved).to.have.length(1);
    expect(fleet.holds.resolved[0]).to.include({ kind: 'abort', tokens: 0 });
  });

  it('and comes back has lost its streams: it writes nothing, closes the upstream and says that it is fenced', async () => {
    const [first, second] = [fleet.node(0), fleet.node(1)];
    const opened = await first.world.begin();
    first.world.model.call.say('a');
    await fleet.timers.advance(0);
    const before = first.world.node.id;
    const resume = first.pause();
    first.world.model.call.say('late');
    await fleet.timers.advance(NOTICED_MS);
    const log = await second.world.eventLog.read(opened.id, 0, 100);
    resume();
    await fleet.timers.advance(LEASE_MS);
    expect(await second.world.eventLog.read(opened.id, 0, 100)).to.deep.equal(log);
    expect(first.world.model.call.isAborted).to.equal(true);
    expect(first.world.running.size).to.equal(0);
    expect(fleet.holds.resolutionsOf(opened.id)).to.have.length(1);
    const errors = first.world.log.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields.node)).to.deep.equal([before]);
    await first.world.addChat(2);
    const again = await first.world.begin(2);
    expect(first.world.stored(again.id).node).to.equal(first.world.node.id);
    await fleet.timers.advance(NOTICED_MS);
    expect(first.world.stored(again.id).state).to.equal('running');
  });

  it('is not what an outage of the store makes of anybody, however long', async () => {
    const opened = await fleet.node(0).world.begin();
    const resumes = fleet.nodes.map((node) => node.pause());
    await fleet.timers.advance(LEASE_MS * 6);
    for (const resume of resumes) resume();
    await fleet.timers.advance(NOTICED_MS);
    expect(fleet.node(0).world.stored(opened.id).state).to.equal('running');
    expect(
      fleet.nodes.flatMap(({ world }) => world.log.lines.filter(({ level }) => level === 'error')),
    ).to.deep.equal([]);
  });

  it('takes one node with it that was ending its streams, and the third goes on', async () => {
    const [first, second, third] = [fleet.node(0), fleet.node(1), fleet.node(2)];
    for (const number of [2, 3]) await first.world.addChat(number);
    const ids = [];
    for (const number of [1, 2, 3]) ids.push((await first.world.begin(number)).id);
    first.pause();
    for (const { world } of [second, third]) world.faults.seal = new Error('not now');
    await fleet.timers.advance(NOTICED_MS);
    second.pause();
    delete third.world.faults.seal;
    await fleet.timers.advance(NOTICED_MS * 2);
    expect(ids.map((id) => third.world.stored(id).state)).to.deep.equal(Array(3).fill('interrupted'));
    for (const id of ids) expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
  });

  it('leaves the streams of the others alone when a node starts', async () => {
    const opened = await fleet.node(0).world.begin();
    const late = await fleet.join();
    expect(await late.recover.execute()).to.deep.equal({ abandoned: 0, interrupted: 0, stopped: 0 });
    expect(late.world.stored(opened.id).state).to.equal('running');
  });
});
