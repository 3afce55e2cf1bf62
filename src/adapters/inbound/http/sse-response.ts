import type { ServerResponse } from 'node:http';
import type { LoginEnd, LoginEnds } from '../../../application/ports/identity/login-ends.ts';
import type { LongUse } from '../../../application/ports/identity/long-use.ts';
import type { SessionStatus } from '../../../application/ports/identity/session-status.ts';
import type { Timers } from '../../../application/ports/timers.ts';
import type { StreamReader } from '../../../application/streaming/engine/stream-reader.ts';
import type { LoginSessionId } from '../../../domain/identity/ids.ts';
import type { PersonPrincipal } from '../../../domain/identity/principal.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import { SseConnection } from './sse-connection.ts';
import { SSE_KEEPALIVE, SSE_RETRY, SseEncoder } from './sse-encoder.ts';

/** Longest silence on an event stream, in milliseconds. */
export const KEEPALIVE_MS = 5_000;
/** A client that takes nothing for so long is cut; it can resume. In milliseconds. */
export const STALLED_READER_MS = 30_000;
/** How often silence and stalls are looked at, in milliseconds. */
const TICK_MS = 500;
/** Logins and keys that are asked in one tick whether their time is over, so that many readers cost no more than this. */
const ASKED_A_TICK = 200;
/** Name of the response header that tells the stream's id. */
export const STREAM_ID_HEADER = 'X-Streaming-Session-Id';

/** Opens event streams and watches all of them with one timer. */
export class EventStreams {
  readonly #timers: Timers;
  readonly #limits: { readonly silentTicks: number; readonly stalledTicks: number };
  readonly #sessions: SessionStatus;
  readonly #use: LongUse;
  readonly #ticksBetweenUses: number;
  readonly #open = new Map<SseConnection, PersonPrincipal>();
  readonly #encoder = new SseEncoder();
  #nextAsked = 0;
  #ticking = false;

  constructor(deps: {
    timers: Timers;
    sessions: SessionStatus;
    loginEnds: LoginEnds;
    use: LongUse;
    keepaliveMs?: number;
  }) {
    this.#timers = deps.timers;
    this.#sessions = deps.sessions;
    this.#use = deps.use;
    this.#ticksBetweenUses = Math.max(1, Math.floor(deps.use.intervalMs / TICK_MS));
    deps.loginEnds.subscribe((end) => this.#onLoginEnd(end));
    const keepaliveMs = deps.keepaliveMs ?? KEEPALIVE_MS;
    this.#limits = {
      silentTicks: Math.max(1, Math.floor(keepaliveMs / TICK_MS) - 1),
      stalledTicks: STALLED_READER_MS / TICK_MS,
    };
  }

  /**
   * Sends the headers at once. `onClose` is called when the client has gone or the response is complete. The end of
   * the reader's login, not the mere expiry of his token, cuts the connection.
   */
  open(
    response: ServerResponse,
    head: { readonly id?: StreamId; readonly reader: PersonPrincipal; readonly replayed?: boolean },
    onClose: () => void,
  ): SseConnection {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
      ...(head.id === undefined ? {} : { [STREAM_ID_HEADER]: head.id }),
      'Access-Control-Expose-Headers': `${STREAM_ID_HEADER}, X-Request-Id, Retry-After`,
      ...(head.replayed ? { 'Idempotent-Replayed': 'true' } : {}),
    });
    const close = (): void => {
      this.#open.delete(connection);
      onClose();
    };
    const connection = new SseConnection(response, close);
    if (!connection.isOpen) {
      close();
      return connection;
    }
    this.#open.set(connection, head.reader);
    void connection.write(SSE_RETRY);
    // The login may have ended between its check and now.
    void this.#cutUnlessLive(head.reader, [connection]);
    if (!this.#ticking) void this.#tick();
    return connection;
  }

  /**
   * Sends a reader's events until the stream's end, several waiting ones in one write. Without an end the connection
   * is cut. `split`: writes what belongs between an offset and the next, such as the end of an observer's history.
   */
  async send(
    connection: SseConnection,
    reader: StreamReader,
    split?: { readonly afterOffset: number; readonly text: string },
  ): Promise<void> {
    let marker = split;
    try {
      for (let step = await reader.next(); !step.done; step = await reader.next()) {
        let text = '';
        let events = step.value;
        if (marker !== undefined && (events.at(-1)?.offset ?? 0) >= marker.afterOffset) {
          const { afterOffset } = marker;
          text = this.#encoder.encode(events.filter((event) => event.offset <= afterOffset)) + marker.text;
          events = events.filter((event) => event.offset > afterOffset);
          marker = undefined;
        }
        const written = connection.write(text + this.#encoder.encode(events));
        if (written !== undefined) await written;
        if (!connection.isOpen) return;
      }
      if (reader.reachedEnd) connection.end();
    } finally {
      reader.close();
      if (!reader.reachedEnd) connection.cut();
    }
  }

  #onLoginEnd(end: LoginEnd): void {
    if ('anybody' in end) {
      // Ends were missed: everybody has to come back and show his credential anew.
      for (const connection of this.#open.keys()) connection.cut();
      return;
    }
    const named = (reader: PersonPrincipal): boolean =>
      'userId' in end ? reader.userId === end.userId : loginOf(reader) === loginOf(end);
    for (const { reader, connections } of this.#logins(named)) void this.#cutUnlessLive(reader, connections);
  }

  /** The open connections by the login or key that they are read by. */
  #logins(
    wanted: (reader: PersonPrincipal) => boolean,
  ): Array<{ readonly reader: PersonPrincipal; readonly connections: SseConnection[] }> {
    const logins = new Map<string, { reader: PersonPrincipal; connections: SseConnection[] }>();
    for (const [connection, reader] of this.#open) {
      if (!wanted(reader)) continue;
      const login = logins.get(loginOf(reader)) ?? { reader, connections: [] };
      login.connections.push(connection);
      logins.set(loginOf(reader), login);
    }
    return [...logins.values()];
  }

  /** A key's or a login's own end comes without a word of it: each is asked again and again, in turn. */
  #askSome(): void {
    const logins = this.#logins(() => true);
    const from = this.#nextAsked < logins.length ? this.#nextAsked : 0;
    this.#nextAsked = from + ASKED_A_TICK;
    for (const { reader, connections } of logins.slice(from, from + ASKED_A_TICK))
      void this.#cutUnlessLive(reader, connections);
  }

  /** A store that cannot be asked cuts nobody: his next request is refused like any other. */
  async #cutUnlessLive(reader: PersonPrincipal, connections: readonly SseConnection[]): Promise<void> {
    const live = await this.#sessions.isLive(reader).catch(() => true);
    if (!live) for (const connection of connections) connection.cut();
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    for (let ticks = 1; this.#open.size > 0; ticks += 1) {
      await this.#timers.sleep(TICK_MS);
      for (const connection of this.#open.keys()) connection.tick(this.#limits, SSE_KEEPALIVE);
      if (ticks % this.#ticksBetweenUses === 0) this.#tellUses();
      this.#askSome();
    }
    this.#ticking = false;
  }

  /** Whoever reads by a cookie is not idle. */
  #tellUses(): void {
    const logins = new Set<LoginSessionId>();
    for (const reader of this.#open.values()) {
      if (reader.kind === 'user' && reader.byCookie) logins.add(reader.loginSessionId);
    }
    for (const loginSessionId of logins) {
      void this.#use.tell(loginSessionId).then((live) => {
        if (!live) this.#onLoginEnd({ loginSessionId });
      });
    }
  }
}

/** The login session or the key that somebody reads by; the forms of their ids differ. */
const loginOf = (by: { readonly loginSessionId: string } | { readonly apiKeyId: string }): string =>
  'apiKeyId' in by ? by.apiKeyId : by.loginSessionId;
