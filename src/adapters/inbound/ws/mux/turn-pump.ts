import type { Duplex } from 'node:stream';
import { FairQueue, type Flow } from '../../../../domain/multiplexing/fair-queue.ts';
import type { BufferPool } from './buffer-pool.ts';
import { ByteQueue, type Queued } from './byte-queue.ts';
import { type FrameName, type Handle, HEADER_BYTES } from './frame.ts';
import { FrameWriter } from './frame-writer.ts';
import { CONNECTION_QUEUE_BYTES } from './mux-limits.ts';
import type { TurnClock } from './turn-clock.ts';

/** What is acted on in one turn of the event loop for one connection, in bytes. */
const TURN_BYTES = 131_072;
/** What is written in it, in bytes, but for the last payload: with one that is not long, a power of two that pools have. */
const WRITTEN_BYTES = 122_880;
/** While so much waits in the socket nothing more is written to it, in bytes: what waits there takes no turns. */
const SOCKET_BYTES = 262_144;

/** One who takes turns: a session. */
export interface TurnTaker {
  /** Its backlogs; undefined before there was anything in them. */
  readonly inbound: Flow<TurnTaker> | undefined;
  readonly outbound: Flow<TurnTaker> | undefined;
  /** Whether something has come that can be acted on now. */
  readonly hasInbound: boolean;
  /** Whether something waits that may be sent now. */
  readonly hasOutbound: boolean;
  /** Acts on one frame. @returns what it counts for, in bytes. */
  actOnNext(nowMs: number): number;
  /** Gives one frame to the writer. @returns what it counts for, in bytes. */
  writeNext(writer: FrameWriter, nowMs: number): number;
  /** The turn is over: what still waits is to have bytes of its own. */
  keepOwn(): void;
}

interface Answer extends Queued {
  readonly handle: Handle;
  readonly name: FrameName;
  readonly payload: Uint8Array;
}

/** What a pump is made of. */
interface Parts {
  readonly socket: Duplex;
  readonly pool: BufferPool;
  readonly clock: TurnClock;
  /** Whether what is sent may be in BATCHes. */
  readonly batch: boolean;
}

/** The connection, which is closed when its client takes none of the answers that it asks for. */
interface Owner {
  close(code: 4008, reason: string): void;
}

/** Gives the sessions of a connection their turns, in both directions, and the event loop its own in between. */
export class TurnPump {
  readonly #socket: Duplex;
  readonly #clock: TurnClock;
  readonly #writer: FrameWriter;
  readonly #owner: Owner;
  readonly #inbound = new FairQueue<TurnTaker>();
  readonly #outbound = new FairQueue<TurnTaker>();
  readonly #answers = new ByteQueue<Answer>();
  /** Those of which something may look into messages that have come. */
  #borrowers: TurnTaker[] = [];
  #isDue = false;
  #isStopped = false;

  constructor({ socket, pool, clock, batch }: Parts, owner: Owner) {
    this.#socket = socket;
    this.#clock = clock;
    this.#writer = new FrameWriter(pool, batch);
    this.#owner = owner;
    socket.on('drain', () => this.#wake());
  }

  /** The rounds in which sessions have taken turns, each way. */
  get rounds(): { readonly in: number; readonly out: number } {
    return { in: this.#inbound.round, out: this.#outbound.round };
  }

  /** Whether so much waits in the socket that nothing more is to be written. */
  get isCongested(): boolean {
    return this.#socket.writableLength > SOCKET_BYTES;
  }

  /** Whether something waits for the client to take what was written before. */
  get isHeldUp(): boolean {
    return this.isCongested && (this.#outbound.length > 0 || this.#answers.length > 0);
  }

  /** A session has something to be acted on. */
  addInbound({ inbound }: TurnTaker): void {
    if (this.#isStopped || inbound === undefined) return;
    this.#inbound.add(inbound);
    this.#wake();
  }

  /** A session has something to be sent. */
  addOutbound({ outbound }: TurnTaker): void {
    if (this.#isStopped || outbound === undefined) return;
    this.#outbound.add(outbound);
    this.#wake();
  }

  /** What waits of a session may look into messages that have come since the last turn. */
  addBorrower(taker: TurnTaker): void {
    if (this.#isStopped) return;
    this.#borrowers.push(taker);
    this.#wake();
  }

  /** A session is over. */
  remove({ inbound, outbound }: TurnTaker): void {
    if (inbound !== undefined) this.#inbound.remove(inbound);
    if (outbound !== undefined) this.#outbound.remove(outbound);
  }

  /** Sends what is no session's payload, before all that waits. */
  answer(handle: Handle, name: FrameName, payload: Uint8Array): void {
    if (this.#isStopped) return;
    const cost = HEADER_BYTES + payload.length;
    if (this.#answers.bytes + cost > CONNECTION_QUEUE_BYTES) this.#flushAnswers();
    if (this.#answers.bytes + cost > CONNECTION_QUEUE_BYTES) {
      this.#owner.close(4008, 'The answers are not read');
      return;
    }
    this.#answers.push({ handle, name, payload, cost, next: undefined });
    this.#wake();
  }

  /** Writes the answers that wait, such as a last CLOSE, and does nothing more. */
  stop(): void {
    this.#flushAnswers();
    this.#isStopped = true;
    this.#borrowers = [];
  }

  #wake(): void {
    if (this.#isDue || this.#isStopped) return;
    this.#isDue = true;
    setImmediate(TurnPump.#run, this);
  }

  static #run(pump: TurnPump): void {
    pump.#isDue = false;
    if (!pump.#isStopped) pump.#clock.during(pump);
  }

  /** A turn, at one time. Called by its clock alone. */
  work(nowMs: number): void {
    let left = TURN_BYTES;
    for (let flow = this.#inbound.peek(); flow !== undefined && left > 0; flow = this.#inbound.peek()) {
      const cost = flow.owner.actOnNext(nowMs);
      left -= cost;
      // What was acted on may have ended the session, or the connection.
      if (flow.isQueued) this.#inbound.served(flow, cost, flow.owner.hasInbound);
    }
    if (this.#isStopped) return;
    if (!this.isCongested) {
      this.#gatherAnswers();
      this.#write(nowMs);
    }
    for (const taker of this.#borrowers) taker.keepOwn();
    this.#borrowers.length = 0;
    const hasMore = this.#inbound.length > 0 || (this.#outbound.length > 0 && !this.isCongested);
    if (hasMore) this.#wake();
  }

  #write(nowMs: number): void {
    for (
      let flow = this.#outbound.peek();
      flow !== undefined && this.#writer.bytes < WRITTEN_BYTES;
      flow = this.#outbound.peek()
    ) {
      const cost = flow.owner.writeNext(this.#writer, nowMs);
      if (flow.isQueued) this.#outbound.served(flow, cost, flow.owner.hasOutbound);
    }
    // A session that has sent its last is closed behind that.
    this.#gatherAnswers();
    this.#writer.flush(this.#socket);
  }

  #flushAnswers(): void {
    if (this.isCongested || this.#isStopped) return;
    this.#gatherAnswers();
    this.#writer.flush(this.#socket);
  }

  #gatherAnswers(): void {
    for (let answer = this.#answers.shift(); answer !== undefined; answer = this.#answers.shift()) {
      this.#writer.add(answer.handle, answer.name, answer.payload);
    }
  }
}
