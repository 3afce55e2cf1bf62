import { expect } from 'chai';
import { ANSWER_WITHIN_MS, WISH_WITHIN_MS } from '../../../src/application/fleet/end-elsewhere.ts';
import {
  LOOK_AT_OWN_MS,
  LOOK_FOR_WISHES_ALONE_MS,
  LOOK_FOR_WISHES_MS,
} from '../../../src/application/fleet/watch-own-streams.ts';
import { LocalUserStreams } from '../../../src/application/streaming/local-user-streams.ts';
import type { StreamId } from '../../../src/domain/streaming/stream-id.ts';
import { type FleetNode, FleetWorld } from '../../support/fleet-world.ts';
import { ANNA, BERT, chatId } from '../../support/stream-builders.ts';
import { readAll } from '../../support/streaming-world.ts';

/** Until a driver that neither a word nor a wish has reached has its stream ended for it, in milliseconds. */
const ENDED_FOR_IT_MS = ANSWER_WITHIN_MS + WISH_WITHIN_MS;

describe('a stream that another node drives', () => {
  let fleet: FleetWorld;
  let driver: FleetNode;
  let other: FleetNode;
  let id: StreamId;
  beforeEach(async () => {
    fleet = await FleetWorld.create(2);
    driver = fleet.node(0);
    other = fleet.node(1);
    ({ id } = await driver.world.begin());
    driver.world.model.call.say('Like ', 'this.');
    await fleet.timers.advance(0);
  });
  afterEach(() => fleet.close());

  const claim = () => ({ owner: ANNA, chatId: chatId(1), claimedId: id, requestId: 'r-1' });

  /** Resolves with what a use case answers while time goes on, the driver's writer being asked nothing. */
  async function inTime<T>(work: Promise<T>, withinMs = ENDED_FOR_IT_MS + 200): Promise<T> {
    const settled = work.catch(() => undefined);
    let isOver = false;
    void settled.then(() => {
      isOver = true;
    });
    await fleet.timers.advance(0);
    for (let waitedMs = 0; !isOver && waitedMs < withinMs; waitedMs += 50) await fleet.timers.advance(50);
    expect(isOver).to.equal(true);
    return work;
  }

  /** Counts the ends that a node stores itself from now on. */
  function sealsOf({ world }: FleetNode): () => number {
    const seal = world.streams.seal.bind(world.streams);
    let seals = 0;
    world.streams.seal = (given) => {
      seals += 1;
      return seal(given);
    };
    return () => seals;
  }

  /** How the driver may be found. */
  const ways: ReadonlyArray<readonly [string, () => void]> = [
    ['that answers', () => undefined],
    ['that stands still', () => void driver.pause()],
    ['that cannot be asked', () => fleet.loseWords()],
  ];

  for (const [way, prepare] of ways) {
    it(`stops for a node ${way}, billed to what was produced, once`, async () => {
      prepare();
      const stopped = await inTime(other.world.stopStream.execute(claim()));
      expect(stopped).to.include({ state: 'stopped', tokensUsed: 6 });
      expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
      expect(await other.world.stopStream.execute(claim())).to.deep.equal(stopped);
    });

    it(`takes an update for a node ${way} against the stored log, and stops`, async () => {
      prepare();
      const update = (text: string) =>
        other.world.acceptUpdate.execute({ ...claim(), completeResponse: text, tokensUsed: 6 });
      const refusal = await update('Not this.').catch((error: unknown) => error);
      expect(refusal).to.have.property('code', 'stream.text_mismatch');
      expect(await inTime(update('Like '))).to.include({ receipt: 'stopped', tokensUsed: 6 });
      expect(await update('Like ')).to.include({ receipt: 'stopped', replayed: true });
    });

    it(`goes with its chat for a node ${way}`, async () => {
      prepare();
      await inTime(other.world.deleteChat.execute({ owner: ANNA, chatId: chatId(1) }));
      expect(other.world.store.chats.has(chatId(1))).to.equal(false);
      expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
    });

    it(`stops with its owner's account for a node ${way}, and nobody else's does`, async () => {
      await other.world.addChat(3, BERT);
      const opening = { owner: BERT, chatId: chatId(3), message: 'Mine' };
      const berts = await other.world.openStream.execute(opening);
      prepare();
      await inTime(new LocalUserStreams(other.world).stopAll(ANNA), ENDED_FOR_IT_MS + 500);
      expect(other.world.stored(id).state).to.equal('stopped');
      expect(other.world.stored(berts.id).state).to.equal('running');
    });
  }

  it('is told to its driver, which closes its upstream at once although it could say more', async () => {
    const reading = driver.world.followStream.execute({ owner: ANNA, chatId: chatId(1) });
    await inTime(other.world.stopStream.execute(claim()));
    expect(driver.world.model.call.isAborted).to.equal(true);
    const followed = await reading;
    if (followed.kind !== 'following') throw new Error('it is there');
    expect((await readAll(followed.events)).at(-1)?.type).to.equal('done');
  });

  it('stops by its driver’s hand within a look at its wishes when nobody can be asked, and costs what the driver knows', async () => {
    fleet.loseWords();
    await fleet.timers.advance(LOOK_FOR_WISHES_MS);
    // Tokens without a text are in no log.
    driver.world.model.call.push({ kind: 'delta', text: '', tokens: 3 });
    await fleet.timers.advance(0);
    const sealed = sealsOf(other);
    const stopped = await inTime(other.world.stopStream.execute(claim()), LOOK_FOR_WISHES_ALONE_MS + 100);
    expect(stopped).to.include({ state: 'stopped', tokensUsed: 4 + 2 + 3 });
    expect(sealed()).to.equal(0);
    expect(driver.world.model.call.isAborted).to.equal(true);
    expect(driver.world.stored(id)).not.to.have.property('stopWished');
  });

  it('stops although its driver writes between any two looks of another, and words are carried to nobody', async () => {
    fleet.loseWords();
    let isOver = false;
    const read = other.world.eventLog.read.bind(other.world.eventLog);
    other.world.eventLog.read = async (...given) => {
      const page = await read(...given);
      if (page.length === 0 && !driver.world.model.call.isAborted) {
        driver.world.model.call.say('more');
        await fleet.timers.advance(0);
      }
      return page;
    };
    const stopping = other.world.stopStream.execute(claim()).finally(() => {
      isOver = true;
    });
    for (let waitedMs = 0; !isOver && waitedMs < ENDED_FOR_IT_MS; waitedMs += 10) {
      if (!driver.world.model.call.isAborted) driver.world.model.call.say('word ');
      await fleet.timers.advance(10);
    }
    expect(isOver).to.equal(true);
    expect(await stopping).to.include({ state: 'stopped' });
    expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
  });

  it('stops by its wish when the word is lost on the way and its driver would be heard', async () => {
    other.world.bus.askToStop = () => undefined;
    const sealed = sealsOf(other);
    expect(await inTime(other.world.stopStream.execute(claim()))).to.include({ state: 'stopped' });
    expect(sealed()).to.equal(0);
  });

  it('and is sealed by another is let go by its driver at its next word, without a second settlement', async () => {
    fleet.loseWords();
    const resume = driver.pause();
    await inTime(other.world.stopStream.execute(claim()));
    resume();
    const log = await other.world.eventLog.read(id, 0, 100);
    driver.world.model.call.say('late');
    await fleet.timers.advance(0);
    expect(driver.world.model.call.isAborted).to.equal(true);
    expect(driver.world.running.size).to.equal(0);
    expect(await other.world.eventLog.read(id, 0, 100)).to.deep.equal(log);
    expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
  });

  it('and is sealed by another is let go by a driver that has nothing to say and hears nobody', async () => {
    fleet.loseWords();
    const resume = driver.pause();
    await inTime(other.world.stopStream.execute(claim()));
    resume();
    expect(driver.world.running.size).to.equal(1);
    await fleet.timers.advance(LOOK_AT_OWN_MS);
    expect(driver.world.model.call.isAborted).to.equal(true);
    expect(driver.world.running.size).to.equal(0);
    expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
  });

  it('is sealed although its writer goes on, which neither hears a word nor looks for wishes', async () => {
    fleet.loseWords();
    driver.world.streams.stopsWished = async () => [];
    const read = other.world.eventLog.read.bind(other.world.eventLog);
    let words = 5;
    other.world.eventLog.read = async (...given) => {
      const page = await read(...given);
      if (page.length === 0 && words > 0) {
        words -= 1;
        driver.world.model.call.say('more');
        await fleet.timers.advance(0);
      }
      return page;
    };
    const stopped = await inTime(other.world.stopStream.execute(claim()));
    expect(stopped).to.include({ state: 'stopped', tokensUsed: 4 + 2 + 5 });
    expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
  });

  it('is observed from the beginning, with as much history as is stored', async () => {
    const seen = await other.world.observeStream.execute({
      observer: BERT,
      chatId: chatId(1),
      requestId: 'r-2',
    });
    expect(seen).to.include({ id, historyEnd: 3 });
    const reading = readAll(seen.events);
    driver.world.model.call.end();
    await fleet.timers.advance(0);
    expect((await reading).map(({ type }) => type)).to.deep.equal(['session', 'chunk', 'chunk', 'done']);
  });
});
