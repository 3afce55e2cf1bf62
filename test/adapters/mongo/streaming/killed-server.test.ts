import { expect } from 'chai';
import { startMongodb } from '../../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../../scripts/services/own-server.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { CryptoIdSource } from '../../../../src/adapters/outbound/system/crypto-id-source.ts';
import { LocalLiveTail } from '../../../../src/adapters/outbound/system/local-live-tail.ts';
import { SystemTimers } from '../../../../src/adapters/outbound/system/system-timers.ts';
import { EventWriter } from '../../../../src/application/streaming/engine/event-writer.ts';
import { type StreamEvent, transcriptOf } from '../../../../src/domain/streaming/stream-event.ts';
import type { StreamingSessionState } from '../../../../src/domain/streaming/streaming-session.ts';
import { eventually } from '../../../support/eventually.ts';
import { insist } from '../../../support/insist.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { aChat, aSeal, chatId, type StreamingStores, start } from '../../../support/stream-builders.ts';

const STREAMS = 20;
const TOKENS = 150;
const KILLS = 3;

describe('streams whose server is killed and started over', function () {
  this.timeout(180_000);
  let server: OwnServer;
  let mongo: TemporaryMongo;
  let stores: StreamingStores;
  before(async () => {
    server = await startMongodb();
    mongo = await temporaryMongo(server.url);
    stores = openStreamingStore(mongo.store, async () => undefined);
  });
  after(async () => {
    await mongo.remove();
    await server.stop();
  });

  it('lose no event that was acknowledged and have none twice, and each ends once', async () => {
    const tail = new LocalLiveTail();
    const told: StreamEvent[][] = [];
    const writers: EventWriter[] = [];
    const deps = {
      clock: new ManualClock(),
      timers: new SystemTimers(),
      ids: new CryptoIdSource(),
      log: new RecordingLog(),
      eventLog: stores.events,
      tail,
      settings: { storeStallMs: 10_000 },
    };
    let stored = 0;
    // What is looked at are running streams: a start may well be refused while the server is away.
    const started: StreamingSessionState[] = [];
    for (let chat = 1; chat <= STREAMS; chat += 1) {
      await stores.chats.add(aChat(chat), undefined, STREAMS);
      started.push(await start(stores, chat, chat));
    }
    const driven = started.map(async (running, index) => {
      const chat = index + 1;
      const heard: StreamEvent[] = [];
      told[index] = heard;
      const onEvents = (events: readonly StreamEvent[]): void => {
        heard.push(...events);
        stored += events.length;
      };
      tail.subscribe(running.id, { onEvents, onDisconnected: () => undefined, onMissed: () => undefined });
      const writer = new EventWriter(deps, running.id, 2, () => undefined);
      writers[index] = writer;
      for (let token = 0; token < TOKENS; token += 1) {
        writer.add(`${chat}.${token} `, token + 1);
        if (token % 3 === 0) await writer.drained();
      }
      await writer.drained();
      expect(writer.fault).to.equal(undefined);
      const seal = aSeal(running, writer.lastOffset + 1);
      let outcome: string | undefined;
      await insist(async () => {
        outcome = await stores.streams.seal(seal);
      });
      if (outcome === 'lost') {
        expect((await stores.streams.latestOf(chatId(chat)))?.end).to.deep.equal(seal.session.end);
      }
    });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const from = stored;
      await eventually(async () => expect(stored).to.be.at.least(from + STREAMS), 60_000);
      await server.kill();
      await server.restart();
    }
    await Promise.all(driven);
    for (const [index, heard] of told.entries()) {
      const running = await insist(() => stores.streams.latestOf(chatId(index + 1)));
      const log = await stores.events.read(running?.id ?? ('' as never), 0, 10_000);
      expect(log.map(({ offset }) => offset)).to.deep.equal(log.map((_, place) => place + 1));
      expect(log.slice(1, -1)).to.deep.equal(heard);
      const whole = Array.from({ length: TOKENS }, (_, token) => `${index + 1}.${token} `).join('');
      expect([transcriptOf(log), writers[index]?.storedText]).to.deep.equal([whole, whole]);
    }
    expect(await stores.streams.pendingIntents(100)).to.have.length(STREAMS);
  });
});
