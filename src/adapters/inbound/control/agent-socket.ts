import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../../application/ports/clock.ts';
import type { IdSource } from '../../../application/ports/id-source.ts';
import type { AgentPrincipal } from '../../../domain/identity/principal.ts';
import { ownerOf, type SubscriberOwner } from '../../../domain/multiplexing/subscriber-owner.ts';
import { type Rate, TokenBucket } from '../../../domain/multiplexing/token-bucket.ts';
import type { AgentCloseCode, AgentLine } from './agent-line.ts';
import type { AgentServices } from './agent-services.ts';
import { AgentSession } from './agent-session.ts';
import { decodeClientFrame, encodeServerFrame, type ServerFrame } from './agent-wire.ts';
import type { HeldReader, OwnerReading } from './owner-reading.ts';

/** How often the server pings, in milliseconds. */
export const PING_EVERY_MS = 25_000;
/** How long a client may take to answer that, in milliseconds. */
export const PONG_WITHIN_MS = 10_000;
/** How long a client may take to answer the close of its socket, in milliseconds. */
const FAREWELL_MS = 1_000;
/** Bytes that wait for a client to take them; what is more waits in the store: 1 MiB. */
export const MAX_QUEUED_BYTES = 1_048_576;
/** Most frames of which it is not known whether they have come. */
export const MAX_UNCONFIRMED = 10_000;
/**
 * How long a ping waits for verdicts to come with it while others have just been confirmed, in milliseconds: each is a
 * call to the system, an answer to read, and a write of its own.
 */
const PING_GATHERS_MS = 10;
/** Pings of the client's own that are answered. */
const CLIENT_PINGS: Rate = { tokens: 60, perMs: 60_000, burst: 60 };

type Waiter = (hasCome: boolean) => void;

/** What a socket asks of whoever keeps all of them. */
export interface SocketKeeper {
  readonly services: AgentServices;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly reading: OwnerReading;
  onGone(socket: AgentSocket): void;
}

/** One agent's WebSocket. What was sent is known to have come when the pong to a ping behind it is there. */
export class AgentSocket implements AgentLine, HeldReader {
  readonly owner: SubscriberOwner;
  readonly principal: AgentPrincipal;
  readonly session: AgentSession;
  readonly #keeper: SocketKeeper;
  readonly #socket: WebSocket;
  readonly #wire: Duplex;
  readonly #clientPings: TokenBucket;
  /** Whom the ping that is out will answer, and whom the next one will. */
  #pinged: Waiter[] = [];
  #waiting: Waiter[] = [];
  #pings = 0;
  #isPinging = false;
  /** What is sent waits for the end of the turn, to go out with what comes after it. */
  #isGathering = false;
  /** What has come is acted on first. */
  #isPaused = false;
  /** Its owner has as much in memory as he may. */
  #isHeld = false;
  #isFull = false;
  #isClosing = false;
  #isClosed = false;
  #pingedAtMs: number;

  constructor(
    keeper: SocketKeeper,
    parts: {
      readonly socket: WebSocket;
      /** What carries it. */
      readonly wire: Duplex;
      readonly principal: AgentPrincipal;
      readonly requestId: string;
      readonly onConflict: () => void;
    },
  ) {
    const { socket, wire, principal, requestId, onConflict } = parts;
    this.#keeper = keeper;
    this.#socket = socket;
    this.#wire = wire;
    this.principal = principal;
    this.owner = ownerOf(principal);
    this.#pingedAtMs = keeper.clock.nowMs();
    this.#clientPings = new TokenBucket(CLIENT_PINGS, this.#pingedAtMs);
    const name = keeper.ids.uuid();
    this.session = new AgentSession(keeper.services, { line: this, principal, name, requestId, onConflict });
    this.#listen();
  }

  get #isCongested(): boolean {
    return this.#socket.bufferedAmount >= MAX_QUEUED_BYTES;
  }

  send(frame: ServerFrame): 'sent' | 'full' {
    if (this.#isCongested || this.#pinged.length + this.#waiting.length >= MAX_UNCONFIRMED) {
      this.#isFull = true;
      // There is room when what is out is known to have come.
      if (!this.#isPinging) this.#ping();
      return 'full';
    }
    this.#gather();
    this.#socket.send(encodeServerFrame(frame));
    return 'sent';
  }

  confirmed(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      // The ping is the last of what this turn sends, and speaks for all of it.
      if (!this.#isPinging) this.#gather();
    });
  }

  pause(): void {
    if (this.#isPaused || this.#isClosing) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosing) return;
    this.#isPaused = false;
    if (!this.#isHeld) this.#readOn();
  }

  hold(): void {
    this.#isHeld = true;
    if (!this.#isClosing) this.#socket.pause();
  }

  letGo(): void {
    this.#isHeld = false;
    if (!this.#isPaused && !this.#isClosing) this.#readOn();
  }

  /** What the client has got before is still heard of, for as long as it may take to go. */
  close(code: AgentCloseCode, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#askIfNeeded();
    this.#socket.resume();
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), FAREWELL_MS).unref();
  }

  /** Pings when it is time, and cuts the socket of a client that does not answer. */
  lookAt(nowMs: number): void {
    const sinceMs = nowMs - this.#pingedAtMs;
    if (this.#isClosing) return;
    const isRead = !this.#isPaused && !this.#isHeld;
    if (this.#isPinging && isRead && sinceMs >= PONG_WITHIN_MS) this.#socket.terminate();
    else if (!this.#isPinging && sinceMs >= PING_EVERY_MS) this.#ping();
  }

  /** What the client may have answered has not been read: it has its time again. */
  excuse(nowMs: number): void {
    if (this.#isPinging) this.#pingedAtMs = nowMs;
  }

  #readOn(): void {
    this.excuse(this.#keeper.clock.nowMs());
    this.#socket.resume();
  }

  #ping(): void {
    this.#isPinging = true;
    this.#pings += 1;
    this.#pingedAtMs = this.#keeper.clock.nowMs();
    this.#pinged = this.#waiting;
    this.#waiting = [];
    this.#gather();
    this.#socket.ping(String(this.#pings));
  }

  #askLate(): void {
    if (!this.#isClosing) this.#askIfNeeded();
  }

  /** Asks whether what was sent has come, unless nobody wants to know, or an answer is under way. */
  #askIfNeeded(): void {
    if (!this.#isPinging && this.#waiting.length > 0) this.#ping();
  }

  /** Verdicts come together, with a ping behind them: they go out in one call to the system. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#wire.cork();
    process.nextTick(() => {
      this.#askIfNeeded();
      this.#isGathering = false;
      this.#wire.uncork();
    });
  }

  #onPong(data: Buffer): void {
    if (!this.#isPinging || data.toString('latin1') !== String(this.#pings)) return;
    this.#isPinging = false;
    for (const come of this.#pinged) come(true);
    this.#pinged = [];
    if (this.#isClosing) return;
    if (this.#waiting.length > 0) setTimeout(() => this.#askLate(), PING_GATHERS_MS).unref();
    if (!this.#isFull || this.#isCongested) return;
    this.#isFull = false;
    this.session.onRoom();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const acted = this.#keeper.reading.read(this.owner, data.byteLength);
      if (isBinary) this.session.receive(() => decodeClientFrame(data), acted);
      else {
        this.session.close(1002, 'Only binary messages are understood');
        acted();
      }
    });
    socket.on('pong', (data: Buffer) => this.#onPong(data));
    socket.on('ping', (data: Buffer) => {
      const mayAnswer = !this.#isClosing && !this.#isCongested;
      if (mayAnswer && this.#clientPings.take(this.#keeper.clock.nowMs()) === 0) socket.pong(data);
    });
    // A message that is too long or malformed closes the socket of itself; no error of it is one of the process.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#gone());
  }

  #gone(): void {
    if (this.#isClosed) return;
    this.#isClosing = true;
    this.#isClosed = true;
    for (const lost of [...this.#pinged, ...this.#waiting]) lost(false);
    this.#pinged = [];
    this.#waiting = [];
    this.#keeper.onGone(this);
    this.session.closed();
  }
}
