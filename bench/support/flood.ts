import type { MuxLink } from './mux-party.ts';

/** Messages that a flood writes at once. */
const TOGETHER = 16;
/** What may wait in our own socket, in bytes; a flood that is queued here is no flood of the server's. */
const SOCKET_BYTES = 65_536;

/** Some sessions of a connection that send as hard as their windows and the socket let them. */
export class Flood {
  /** Payload that has come, in bytes, by session. */
  readonly takenBytes: number[];
  readonly #link: MuxLink;
  readonly #floods: ReadonlyArray<{ readonly session: number; readonly bytes: Buffer }>;
  readonly #payloadBytes: number;
  readonly #grantAt: number;
  readonly #owedBytes: number[];
  /** What was asked for, and what will have come by then. */
  readonly #asked = new Map<number, { readonly count: number; readonly bytes: number }>();
  #next = 0;
  #isOver = false;

  /** `window`: what the client has granted, and grants again by halves as it reads; without one it grants nothing more. */
  constructor(link: MuxLink, sessions: readonly number[], payloadBytes: number, window?: number) {
    this.#link = link;
    this.#grantAt = window === undefined ? Number.POSITIVE_INFINITY : window / 2;
    this.#owedBytes = new Array<number>(link.sessions).fill(0);
    this.#payloadBytes = payloadBytes;
    this.takenBytes = new Array<number>(link.sessions).fill(0);
    const payload = Buffer.alloc(payloadBytes, 'f');
    this.#floods = sessions.map((session) => ({
      session,
      bytes: link.together(Array.from({ length: TOGETHER }, () => ({ session, payload }))),
    }));
    link.onWindow = () => this.#go();
    link.socket.socket.on('drain', () => this.#go());
  }

  start(): void {
    this.#go();
  }

  /** Has the server send so many messages on a session, and again as soon as they have come. */
  ask(session: number, count: number): void {
    const bytes = (this.takenBytes[session] ?? 0) + count * this.#payloadBytes;
    this.#asked.set(session, { count, bytes });
    this.#link.socket.write(this.#link.source(session, count));
  }

  stop(): void {
    this.#isOver = true;
  }

  take(session: number, length: number): void {
    this.takenBytes[session] = (this.takenBytes[session] ?? 0) + length;
    const asked = this.#asked.get(session);
    if (asked !== undefined && (this.takenBytes[session] ?? 0) >= asked.bytes && !this.#isOver)
      this.ask(session, asked.count);
    const owed = (this.#owedBytes[session] ?? 0) + length;
    this.#owedBytes[session] = owed < this.#grantAt ? owed : 0;
    if (owed >= this.#grantAt) this.#link.socket.write(this.#link.grant(session, owed));
  }

  /** Gives each session its chance in turn, until none may send or the socket has had enough. */
  #go(): void {
    const { windows, socket } = this.#link;
    const cost = TOGETHER * this.#payloadBytes;
    for (let idle = 0; idle < this.#floods.length && !this.#isOver; ) {
      if (socket.socket.writableLength > SOCKET_BYTES) return;
      const flood = this.#floods[this.#next % this.#floods.length];
      this.#next += 1;
      if (flood === undefined || (windows[flood.session] ?? 0) < cost) {
        idle += 1;
        continue;
      }
      idle = 0;
      windows[flood.session] = (windows[flood.session] ?? 0) - cost;
      // What a socket takes at once causes no `drain`.
      if (socket.write(flood.bytes) && windows[flood.session] === Number.POSITIVE_INFINITY) {
        setImmediate(() => this.#go());
        return;
      }
    }
  }
}
