import { MemoryFleetBus } from '../../src/adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import { MemoryLeases } from '../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemoryChatRepository } from '../../src/adapters/outbound/memory/streaming/memory-chat-repository.ts';
import { MemoryEventLog } from '../../src/adapters/outbound/memory/streaming/memory-event-log.ts';
import { MemoryStreamRepository } from '../../src/adapters/outbound/memory/streaming/memory-stream-repository.ts';
import { MemoryStreamingStore } from '../../src/adapters/outbound/memory/streaming/memory-streaming-store.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { LocalLiveTail } from '../../src/adapters/outbound/system/local-live-tail.ts';
import { NodeDigest } from '../../src/adapters/outbound/system/node-digest.ts';
import { EndElsewhere } from '../../src/application/fleet/end-elsewhere.ts';
import { NodeLease } from '../../src/application/fleet/node-lease.ts';
import { RecoverNode } from '../../src/application/fleet/recover-node.ts';
import { TakeOver } from '../../src/application/fleet/take-over.ts';
import { Turn } from '../../src/application/fleet/turn.ts';
import type { FleetBus } from '../../src/application/ports/fleet/fleet-bus.ts';
import type { Leases } from '../../src/application/ports/fleet/leases.ts';
import type { EventLog } from '../../src/application/ports/streaming/event-log.ts';
import type { LiveTail } from '../../src/application/ports/streaming/live-tail.ts';
import type { ModelDescription } from '../../src/application/ports/streaming/model-catalog.ts';
import type { StreamRepository } from '../../src/application/ports/streaming/stream-repository.ts';
import { AcceptUpdate } from '../../src/application/streaming/accept-update.ts';
import { DeleteChat } from '../../src/application/streaming/chats/delete-chat.ts';
import { IntentSettler } from '../../src/application/streaming/engine/intent-settler.ts';
import { RunningStreams } from '../../src/application/streaming/engine/running-streams.ts';
import { StreamPresence } from '../../src/application/streaming/engine/stream-presence.ts';
import type { StreamReader } from '../../src/application/streaming/engine/stream-reader.ts';
import { StreamReaders } from '../../src/application/streaming/engine/stream-readers.ts';
import { UndoStart } from '../../src/application/streaming/engine/undo-start.ts';
import { ExpireStreams } from '../../src/application/streaming/expire-streams.ts';
import { FollowStream } from '../../src/application/streaming/follow-stream.ts';
import { NamedStreams } from '../../src/application/streaming/named-streams.ts';
import { ObserveStream } from '../../src/application/streaming/observe-stream.ts';
import { type OpenedStream, OpenStream } from '../../src/application/streaming/open-stream.ts';
import { RecoverStreams } from '../../src/application/streaming/recover-streams.ts';
import { SecondLooks } from '../../src/application/streaming/second-looks.ts';
import { SendMessage } from '../../src/application/streaming/send-message.ts';
import { SettleIntents } from '../../src/application/streaming/settle-intents.ts';
import { StopStream } from '../../src/application/streaming/stop-stream.ts';
import {
  DEFAULT_STREAM_SETTINGS,
  type StreamSettings,
} from '../../src/application/streaming/stream-settings.ts';
import { micros } from '../../src/domain/accounting/credits.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';
import { MAX_CHATS_PER_USER } from '../../src/domain/streaming/chat-session.ts';
import type { StreamEvent } from '../../src/domain/streaming/stream-event.ts';
import { FakeCreditHolds } from './fake-credit-holds.ts';
import type { ManualClock } from './manual-clock.ts';
import { ManualTimers } from './manual-timers.ts';
import { RecordingAudit } from './recording-audit.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingMetrics } from './recording-metrics.ts';
import { ScriptedModel } from './scripted-model.ts';
import { ANNA, aChat, chatId, NODE_2 } from './stream-builders.ts';

/** The one model of the tests. */
export const SCRIPTED: ModelDescription = {
  id: 'handbook',
  name: 'Scripted',
  description: 'Says what a test tells it to',
  capabilities: ['general'],
  priceMicrosPer1000: micros(1_000),
  maxOutputTokens: 1_000,
  contextTokens: 8_000,
  available: true,
};

/** Life of a node's lease in the tests, in milliseconds. */
export const LEASE_MS = 5_000;

/** Life of the turns in the tests, in milliseconds. */
export const TURN_MS = 60_000;

/** What the nodes of one fleet have in common. */
export interface SharedByNodes {
  readonly timers: ManualTimers;
  readonly holds: FakeCreditHolds;
  readonly store: MemoryStreamingStore;
  readonly tail: LiveTail;
  readonly bus: FleetBus;
  readonly leases: Leases;
}

/** Breaks a store's methods as a test tells it to. */
export interface StoreFaults {
  append?: Error | Promise<never>;
  seal?: Error;
  activate?: Error;
  /** Throws after the write was carried out, so that its outcome is unknown. */
  claimUnknown?: Error;
  activateUnknown?: Error;
  sealUnknown?: Error;
  /** Nothing is asked of a store before this resolves: the process stands still. */
  paused?: Promise<unknown>;
  appendUnknown?: Error;
}

/** Chat's use cases on memory stores, a scripted model, a remembering accounting and a clock that stands still. */
export class StreamingWorld {
  readonly timers: ManualTimers;
  readonly clock: ManualClock;
  readonly model = new ScriptedModel();
  readonly holds: FakeCreditHolds;
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();
  readonly trail = new RecordingAudit();
  readonly audit = this.trail.records;
  readonly ids = new CryptoIdSource();
  readonly digest = new NodeDigest();
  readonly faults: StoreFaults = {};
  readonly settings: StreamSettings;
  readonly store: MemoryStreamingStore;
  readonly tail: LiveTail;
  readonly bus: FleetBus;
  readonly leases: Leases;
  readonly node: NodeLease;
  readonly chats: MemoryChatRepository;
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly presence: StreamPresence;
  readonly settler: IntentSettler;
  readonly running: RunningStreams;
  readonly readers: StreamReaders;
  readonly elsewhere: EndElsewhere;
  readonly undoStart: UndoStart;
  readonly openStream: OpenStream;
  readonly followStream: FollowStream;
  readonly named: NamedStreams;
  readonly acceptUpdate: AcceptUpdate;
  readonly stopStream: StopStream;
  readonly observeStream: ObserveStream;
  readonly sendMessage: SendMessage;
  readonly deleteChat: DeleteChat;
  readonly settleIntents: SettleIntents;
  readonly recoverStreams: RecoverStreams;
  readonly expireStreams: ExpireStreams;
  readonly catalog = { list: () => [SCRIPTED], find: () => SCRIPTED, defaultModel: SCRIPTED };

  private constructor(settings: Partial<StreamSettings>, shared: Partial<SharedByNodes>) {
    this.settings = { ...DEFAULT_STREAM_SETTINGS, ...settings };
    this.timers = shared.timers ?? new ManualTimers();
    this.clock = this.timers.clock;
    this.holds = shared.holds ?? new FakeCreditHolds(this.clock);
    this.store = shared.store ?? new MemoryStreamingStore(this.trail.log);
    this.tail = shared.tail ?? new LocalLiveTail();
    this.bus = shared.bus ?? new MemoryFleetBus();
    this.leases = shared.leases ?? new MemoryLeases(this);
    this.chats = new MemoryChatRepository(this.store);
    this.streams = faultyStreams(new MemoryStreamRepository(this.store), this.faults);
    this.eventLog = faultyLog(new MemoryEventLog(this.store), this.faults);
    const { clock, timers, ids, digest, log, metrics, streams, eventLog, tail, holds, chats, catalog } = this;
    const { leases, bus } = this;
    this.node = new NodeLease({ leases, ids, timers, log, metrics, host: 'test', lifeMs: LEASE_MS });
    const { trail: audit, model: models } = this;
    this.presence = new StreamPresence(this.settings.maxReaders);
    this.settler = new IntentSettler({ holds, streams, log, metrics });
    const base = { clock, timers, ids, digest, log, metrics, streams, eventLog, tail, holds };
    const { presence, settler } = this;
    this.elsewhere = new EndElsewhere({ ...base, bus, settler });
    const { elsewhere } = this;
    this.running = new RunningStreams({ ...base, presence, settler, settings: this.settings });
    const { running } = this;
    const onDeserted = (id: OpenedStream['id']): void => running.find(id)?.lastReaderLeft();
    this.readers = new StreamReaders({ clock, eventLog, tail, presence, onDeserted });
    const { readers } = this;
    this.undoStart = new UndoStart({ ...base, settler });
    const { undoStart, node } = this;
    const opening = { ...base, chats, models, catalog, running, readers, undoStart, node };
    this.openStream = new OpenStream({ ...opening, settings: this.settings });
    this.followStream = new FollowStream({ chats, streams, eventLog, readers, timers });
    const secondLooks = new SecondLooks({ timers, atMost: 0 });
    this.named = new NamedStreams({ streams, secondLooks, audit, digest, metrics });
    const { named } = this;
    this.acceptUpdate = new AcceptUpdate({ ...base, chats, named, running, elsewhere });
    this.stopStream = new StopStream({ chats, named, running, elsewhere });
    const observers = new StreamReaders({
      clock,
      eventLog,
      tail,
      presence: new StreamPresence(this.settings.maxReaders),
      onDeserted: () => undefined,
    });
    this.observeStream = new ObserveStream({ streams, eventLog, running, observers, audit });
    this.sendMessage = new SendMessage({ openStream: this.openStream });
    this.deleteChat = new DeleteChat({ chats, streams, running, elsewhere, timers });
    const turn = (work: string): Turn => new Turn(this, { work, lifeMs: TURN_MS });
    this.settleIntents = new SettleIntents({ streams, settler, turn: turn('settle'), timers, ids, log });
    this.recoverStreams = this.#recoveryOfNextRun();
    const expiring = { streams, turn: turn('expire'), clock, timers, log, settings: this.settings };
    this.expireStreams = new ExpireStreams(expiring);
  }

  /** A world with Anna's chat 1; one of several nodes when it is given what they share. */
  static async create(
    settings: Partial<StreamSettings> = {},
    shared: Partial<SharedByNodes> = {},
  ): Promise<StreamingWorld> {
    const world = new StreamingWorld(settings, shared);
    await world.node.join();
    if (!world.store.chats.has(chatId(1))) await world.addChat(1);
    return world;
  }

  /** What the next process does at its start, which knows nothing of the leases of this one. */
  #recoveryOfNextRun(): RecoverStreams {
    const { streams, clock, log } = this;
    const leases = new MemoryLeases({ clock });
    const recoverNode = new RecoverNode(this);
    const node = { id: NODE_2 };
    const takeOver = new TakeOver({ leases, node, recoverNode, clock, log, lifeMs: LEASE_MS });
    return new RecoverStreams({ streams, leases, takeOver, log });
  }

  async addChat(number: number, owner: UserId = ANNA): Promise<void> {
    await this.chats.add(aChat(number, owner), undefined, MAX_CHATS_PER_USER);
  }

  /** Opens a stream of one of Anna's chats without asking the model. */
  open(chat = 1, message = 'How does it work?'): Promise<OpenedStream> {
    return this.openStream.execute({ owner: ANNA, chatId: chatId(chat), message });
  }

  /** Opens a stream and asks the model. */
  async begin(chat = 1): Promise<OpenedStream> {
    const opened = await this.open(chat);
    opened.begin();
    return opened;
  }

  /** Opens a stream and lets the model say all of its answer. Resolves after the end. */
  async finish(chat = 1, ...texts: readonly string[]): Promise<OpenedStream> {
    const opened = await this.begin(chat);
    this.model.call.say(...texts);
    this.model.call.end();
    await this.running.find(opened.id)?.closed;
    return opened;
  }

  /** An update of Anna's for one of her chats. */
  update(claimedId: unknown, completeResponse: unknown, tokensUsed?: unknown, chat = 1) {
    const claim = { owner: ANNA, chatId: chatId(chat), claimedId, requestId: 'r-1' };
    return this.acceptUpdate.execute({ ...claim, completeResponse, tokensUsed });
  }

  /** The session as it is stored. */
  stored(id: OpenedStream['id']) {
    const session = this.store.streams.get(id)?.session;
    if (session === undefined) throw new Error('the stream is not stored');
    return session;
  }

  /** Lets everything that is not waiting for time have its turn. */
  async settle(): Promise<void> {
    await this.timers.advance(0);
  }
}

/** Reads until the iteration ends. */
export async function readAll(reader: StreamReader): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const batch of reader) events.push(...batch);
  return events;
}

const UNKNOWN_OUTCOMES = ['claimUnknown', 'activateUnknown', 'sealUnknown'] as const;

function faultyStreams(streams: StreamRepository, faults: StoreFaults): StreamRepository {
  return new Proxy(streams, {
    get(target, name) {
      const method = target[name as keyof StreamRepository] as (...given: unknown[]) => Promise<unknown>;
      return async (...given: unknown[]) => {
        await faults.paused;
        if (name === 'seal' && faults.seal !== undefined) throw faults.seal;
        if (name === 'activate' && faults.activate !== undefined) throw faults.activate;
        const result = await method.apply(target, given);
        for (const fault of UNKNOWN_OUTCOMES) {
          const unknown = faults[fault];
          if (fault !== `${String(name)}Unknown` || unknown === undefined) continue;
          delete faults[fault];
          throw unknown;
        }
        return result;
      };
    },
  });
}

function faultyLog(log: EventLog, faults: StoreFaults): EventLog {
  return {
    append: async (id, events) => {
      await faults.paused;
      if (faults.append instanceof Error) throw faults.append;
      if (faults.append !== undefined) await faults.append;
      await log.append(id, events);
      if (faults.appendUnknown !== undefined) {
        const unknown = faults.appendUnknown;
        delete faults.appendUnknown;
        throw unknown;
      }
    },
    read: async (id, afterOffset, limit) => {
      await faults.paused;
      return log.read(id, afterOffset, limit);
    },
  };
}
