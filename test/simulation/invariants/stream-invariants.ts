import type { CompletionRequest } from '../../../src/application/ports/streaming/completion-model.ts';
import { isTerminal, type StreamEvent } from '../../../src/domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../src/domain/streaming/stream-id.ts';
import type { StreamingSessionState, StreamState } from '../../../src/domain/streaming/streaming-session.ts';
import type { ModelWatch } from '../ports/simulated-model.ts';
import type { DurableState } from '../world/durable-state.ts';
import type { JournalOfRun } from '../world/journal-of-run.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';
import { checkBill } from './check-bill.ts';

/** What a stream may become, one write later. A stream that is opening may also be gone. */
const NEXT: Readonly<Record<StreamState, readonly StreamState[]>> = {
  opening: ['running'],
  running: ['finished', 'stopped', 'failed', 'interrupted'],
  finished: ['accepted', 'expired'],
  stopped: ['accepted', 'expired'],
  failed: ['accepted', 'expired'],
  interrupted: ['accepted', 'expired'],
  accepted: ['expired'],
  expired: [],
};

/** A call of a model, and what a node got from it. */
export interface ModelCall {
  readonly by: string;
  tokens: number;
}

/** Everything that is known of one stream from watching it. */
export interface WatchedStream {
  session: StreamingSessionState;
  /** What the user said to start it. */
  readonly asks: string | undefined;
  /** All events that were ever stored, also after they have expired. */
  readonly events: StreamEvent[];
  /** The process whose activation was stored: the only one that may append. */
  driver?: string;
  call?: ModelCall;
  /** The usage that accounting has stored last, in tokens of prompt and output. */
  checkpoint: number;
  /** Whether somebody who wanted it stopped was told that it has ended. */
  isFinal?: true;
  /** Whether a wish to stop it was stored before anybody else had taken its node's name. */
  wishedInTime?: true;
  /** What each process that asked accounting for it was told, in order. */
  readonly told: Map<string, number[]>;
}

/** Watches every write to chats and streams: slots, transitions, logs, and what an ended stream is billed. */
export class StreamInvariants implements ModelWatch {
  readonly streams = new Map<StreamId, WatchedStream>();
  readonly #state: DurableState;
  readonly #journal: JournalOfRun;
  /** The last offset that was stored in each chat. */
  readonly #lastOffsets = new Map<ChatId, number>();
  /** Chats that were removed: their streams are gone with them. */
  readonly #removed = new Set<ChatId>();
  /** Names of nodes that others have taken. */
  readonly #taken = new Set<unknown>();

  constructor(state: DurableState, journal: JournalOfRun) {
    this.#state = state;
    this.#journal = journal;
  }

  /** To be called after each write. */
  afterWrite(method: string, given: readonly unknown[], result: unknown, by: SimulatedProcess): void {
    if (method === 'remove' && result === 'removed') this.#removed.add(given[1] as ChatId);
    if (method === 'activate' && result === true) {
      const watched = this.streams.get((given[0] as StreamingSessionState).id);
      if (watched !== undefined) watched.driver = by.name;
    }
    this.#look(by.name);
  }

  /** To be called whenever somebody has a lease. */
  leaseHeld(name: unknown, holder: unknown): void {
    if (name !== `node/${holder}`) this.#taken.add(name);
  }

  /** To be called after each renewal of a hold. */
  checkpointed(id: unknown, tokens: number): void {
    const watched = this.streams.get(id as StreamId);
    if (watched !== undefined) watched.checkpoint = Math.max(watched.checkpoint, tokens);
  }

  /** To be called when a stop is answered as done: from then on nothing of the stream's log or its end may change. */
  stopAnswered(id: StreamId): void {
    const watched = this.streams.get(id);
    if (watched !== undefined) watched.isFinal = true;
  }

  /** To be called when a process has asked for the checkpoint of a hold, or knows that it cannot be had. */
  toldCheckpoint(id: unknown, tokens: number, by: string): void {
    const told = this.streams.get(id as StreamId)?.told;
    told?.set(by, [...(told.get(by) ?? []), tokens]);
  }

  /** All events of a chat that were ever stored, by their offset. */
  eventAt(chatId: ChatId, offset: number): { stream: WatchedStream; event: StreamEvent } | undefined {
    for (const stream of this.streams.values()) {
      if (stream.session.chatId !== chatId) continue;
      const event = stream.events[offset - stream.session.firstOffset];
      if (event !== undefined) return { stream, event };
    }
    return undefined;
  }

  /** The last offset of a chat; 0 when nothing was stored in it. */
  lastOffset(chatId: ChatId): number {
    return this.#lastOffsets.get(chatId) ?? 0;
  }

  /** The stream of a chat that was told of last. */
  newestOf(chatId: ChatId): WatchedStream | undefined {
    return [...this.streams.values()].findLast(
      ({ session, events }) => session.chatId === chatId && events.length > 0,
    );
  }

  isRemoved(chatId: ChatId): boolean {
    return this.#removed.has(chatId);
  }

  called(by: SimulatedProcess, request: CompletionRequest): { took(tokens: number): void } {
    const question = request.messages.at(-1)?.content;
    // A start that is repeated asks the same question again: the stream of the last try is the one that runs.
    const stream = [...this.streams.values()].findLast(
      ({ asks, driver, call }) => call === undefined && driver === by.name && asks === question,
    );
    const call: ModelCall = { by: by.name, tokens: 0 };
    if (stream === undefined) {
      this.#journal.fail(`${by.name} asks a model "${question}" for no stream of its own, or twice`);
    } else {
      stream.call = call;
      this.#journal.write(`${by.name} asks the model for …${stream.session.id.slice(-6)}`);
      void this.#requireHold(stream.session.id);
    }
    return {
      took: (tokens) => {
        call.tokens += tokens;
      },
    };
  }

  async #requireHold(id: StreamId): Promise<void> {
    const reservation = await this.#state.ledger.reservation(id);
    const held = reservation !== undefined && reservation.state !== 'voided';
    this.#journal.expect(held, () => `a model is asked for ${id}, for which nothing was ever held`);
  }

  #look(by: string): void {
    const { store } = this.#state;
    const slots = new Map<ChatId, StreamId>();
    for (const { session } of store.streams.values()) {
      if (session.state === 'opening' || session.state === 'running') {
        const other = slots.get(session.chatId);
        this.#journal.expect(
          other === undefined,
          () => `${other} and ${session.id} are both under way in ${session.chatId}`,
        );
        slots.set(session.chatId, session.id);
      }
      this.#lookAt(session, by);
    }
    for (const [id, { session }] of this.streams) {
      if (store.streams.has(id)) continue;
      const mayGo = session.state === 'opening' || this.#removed.has(session.chatId);
      this.#journal.expect(mayGo, () => `${id} was ${session.state} and is gone`);
      if (session.state === 'opening') this.streams.delete(id);
    }
  }

  #lookAt(session: StreamingSessionState, by: string): void {
    const watched = this.streams.get(session.id) ?? this.#begin(session);
    const before = watched.session;
    watched.session = session;
    this.#lookAtWish(watched, before);
    this.#lookAtLog(watched, by);
    if (before === session || before.state === session.state) return;
    this.#journal.write(`…${session.id.slice(-6)} of ${session.chatId} is ${session.state}`);
    this.#journal.expect(
      NEXT[before.state].includes(session.state),
      () => `${session.id} went from ${before.state} to ${session.state}`,
    );
    if (before.state !== 'running') return;
    this.#journal.expect(
      this.#state.store.intents.has(session.id),
      () => `${session.id} has ended, its slot is free, and nobody owes its settlement`,
    );
    const isTaken = this.#taken.has(`node/${session.node}`);
    this.#journal.expect(
      session.state !== 'interrupted' || by === watched.driver || isTaken,
      () => `${by} has interrupted ${session.id}, and nobody has taken the name of its node`,
    );
    this.#journal.expect(
      session.state !== 'interrupted' || by === watched.driver || watched.wishedInTime === undefined,
      () => `${by} has interrupted ${session.id}, which was wished stopped before its node was gone`,
    );
    checkBill(watched, { by, isTaken }, this.#journal);
  }

  /** A wish is of a stream that runs, and goes with its end; an end that somebody was told of stays. */
  #lookAtWish(watched: WatchedStream, before: StreamingSessionState): void {
    const { session } = watched;
    if (session.stopWished === true && before.stopWished === undefined) {
      this.#journal.write(`…${session.id.slice(-6)} of ${session.chatId} is wished stopped`);
      if (!this.#taken.has(`node/${session.node}`)) watched.wishedInTime = true;
    }
    this.#journal.expect(
      session.stopWished === undefined || session.state === 'running',
      () => `${session.id} is ${session.state} and still wished stopped`,
    );
    this.#journal.expect(
      session.stopWished === before.stopWished ||
        session.state !== 'running' ||
        before.stopWished === undefined,
      () => `the wish to stop ${session.id} is gone, and it runs`,
    );
    this.#journal.expect(
      watched.isFinal === undefined || session.end === before.end,
      () => `the end of ${session.id} has changed, and its stop was answered before`,
    );
  }

  #begin(session: StreamingSessionState): WatchedStream {
    const asks = this.#state.store.streams.get(session.id)?.message.content;
    const watched: WatchedStream = { session, asks, events: [], checkpoint: 0, told: new Map() };
    this.streams.set(session.id, watched);
    this.#journal.write(`…${session.id.slice(-6)} of ${session.chatId} is ${session.state}`);
    this.#journal.expect(session.state === 'opening', () => `${session.id} begins as ${session.state}`);
    this.#journal.expect(
      session.firstOffset === this.lastOffset(session.chatId) + 1,
      () => `${session.id} begins at ${session.firstOffset} after ${this.lastOffset(session.chatId)}`,
    );
    return watched;
  }

  /** The log has only grown, by events that its driver or whoever ended it may add, and ends when the stream has. */
  #lookAtLog(watched: WatchedStream, by: string): void {
    const { session, events, driver } = watched;
    const log = this.#state.store.logs.get(session.id);
    const kept = session.state !== 'opening' && session.state !== 'expired';
    this.#journal.expect(
      kept === (log !== undefined),
      () => `${session.id} is ${session.state}, and its log is ${log === undefined ? 'not there' : 'there'}`,
    );
    if (log === undefined) return;
    this.#journal.expect(
      log.length >= events.length && log[events.length - 1] === events.at(-1),
      () => `the log of ${session.id} has lost events or changed`,
    );
    this.#journal.expect(
      watched.isFinal === undefined || log.length === events.length,
      () => `an event of ${session.id} is stored, and its stop was answered before`,
    );
    for (const event of log.slice(events.length)) {
      const place = session.firstOffset + events.length;
      const told = `event ${event.offset} (${event.type}) of ${session.id}`;
      this.#journal.expect(event.offset === place, () => `${told} stands at ${place}`);
      const last = events.at(-1);
      this.#journal.expect(last === undefined || !isTerminal(last), () => `${told} comes after the end`);
      this.#journal.expect(
        (last === undefined) === (event.type === 'session'),
        () => `${told} is out of place`,
      );
      this.#journal.expect(
        event.type !== 'chunk' || by === driver,
        () => `${told} was written by ${by}, and ${driver} drives the stream`,
      );
      events.push(event);
      this.#lastOffsets.set(session.chatId, event.offset);
    }
    const last = events.at(-1);
    const isEnded = last !== undefined && isTerminal(last);
    this.#journal.expect(
      isEnded === (session.state !== 'running'),
      () => `${session.id} is ${session.state} and its log ends with ${last?.type}`,
    );
  }
}
