import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../../application/ports/clock.ts';
import type { IdSource } from '../../../application/ports/id-source.ts';
import type { LoginEnds } from '../../../application/ports/identity/login-ends.ts';
import type { SessionStatus } from '../../../application/ports/identity/session-status.ts';
import type { GatheredMetric } from '../../../application/ports/metrics.ts';
import type { Timers } from '../../../application/ports/timers.ts';
import type { ApiKeyId } from '../../../domain/identity/ids.ts';
import type { AgentPrincipal } from '../../../domain/identity/principal.ts';
import { AgentCredentials } from './agent-credentials.ts';
import type { AgentServices } from './agent-services.ts';
import { AgentSocket, type SocketKeeper } from './agent-socket.ts';
import { OwnerReading } from './owner-reading.ts';

/** How often everything that takes its time is looked at, in milliseconds. */
const TICK_MS = 500;
/** A look that comes later than this finds nobody silent: this process itself has not listened, in milliseconds. */
const HELD_UP_MS = 2_000;
/** How many sockets are closed together when the server stops, and the pause after them in milliseconds. */
const DRAIN_BATCH = 64;
const DRAIN_PAUSE_MS = 20;
/** How long events that are being classified may take when the server stops, in milliseconds. */
const LAST_EVENTS_MS = 5_000;
const LOOK_AT_LAST_EVENTS_MS = 50;

interface Deps {
  readonly services: AgentServices;
  readonly sessions: SessionStatus;
  readonly loginEnds: LoginEnds;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdSource;
  /** Most sockets of one owner on this node. */
  readonly maxSockets: number;
  /** Most bytes of one owner's messages that have been read here and not been acted on. */
  readonly maxBytes: number;
}

const gauge = (name: string, value: number): GatheredMetric => ({
  name,
  type: 'gauge',
  samples: [{ labels: {}, value }],
});

/** Every agent's WebSocket of this process: takes them in, watches over their times, and lets them go. */
export class AgentSockets implements SocketKeeper {
  readonly services: AgentServices;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly reading: OwnerReading;
  readonly #deps: Deps;
  readonly #open = new Set<AgentSocket>();
  readonly #credentials: AgentCredentials;
  #isTicking = false;
  #isDraining = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.services = deps.services;
    this.clock = deps.clock;
    this.ids = deps.ids;
    const { maxBytes, services } = deps;
    this.reading = new OwnerReading({ maxBytes, metrics: services.metrics });
    this.#credentials = new AgentCredentials(deps, () => this.#open);
    // Agents come over multiplexed sessions too, while no socket is open here.
    services.metrics.gather(() => [
      gauge('holdfast_control_sockets', this.#open.size),
      gauge('holdfast_control_logged_in', services.connections.size),
      gauge('holdfast_control_waiting_events', services.slots.waiting),
    ]);
  }

  /** Takes a socket in, and counts it from now on, whether it logs in or not. */
  add(parts: {
    readonly socket: WebSocket;
    readonly wire: Duplex;
    readonly principal: AgentPrincipal;
    readonly requestId: string;
    readonly onConflict: () => void;
  }): void {
    const socket = new AgentSocket(this, parts);
    this.#open.add(socket);
    this.reading.add(socket);
    if (this.#isDraining) socket.session.close(1001, 'The server stops');
    else if (this.reading.readersOf(socket.owner) > this.#deps.maxSockets) {
      socket.session.close(4003, 'Too many connections');
    } else {
      // The key may have ended between its check and now.
      this.#credentials.check(socket.principal);
    }
    if (!this.#isTicking) void this.#tick();
  }

  /** Whether somebody is logged in by a key here. */
  holdsSession(id: ApiKeyId): boolean {
    for (const { principal, session } of this.#open) {
      if (principal.apiKeyId === id && session.isLoggedIn) return true;
    }
    return false;
  }

  onGone(socket: AgentSocket): void {
    if (this.#open.delete(socket)) this.reading.remove(socket);
  }

  /** Lets what is being classified be answered, closes every socket, and resolves when the stores know what became of them. */
  async drain(): Promise<void> {
    const { timers, clock } = this.#deps;
    this.#isDraining = true;
    const untilMs = clock.nowMs() + LAST_EVENTS_MS;
    while (this.#isBusy() && clock.nowMs() < untilMs) await timers.sleep(LOOK_AT_LAST_EVENTS_MS);
    const open = [...this.#open];
    for (let from = 0; from < open.length; from += DRAIN_BATCH) {
      const batch = open.slice(from, from + DRAIN_BATCH);
      for (const { session } of batch) session.close(1001, 'The server stops');
      await timers.sleep(DRAIN_PAUSE_MS);
    }
    // Each goes by itself, or is cut.
    while (this.#open.size > 0) await timers.sleep(DRAIN_PAUSE_MS);
    await this.settled();
  }

  /** Resolves when the stores know what became of everybody who has gone, whichever way he was connected. */
  async settled(): Promise<void> {
    const { deliver, routes } = this.services;
    await Promise.all([deliver.settled(), routes.leaveAll()]);
  }

  #isBusy(): boolean {
    for (const { session } of this.#open) if (session.isBusy) return true;
    return false;
  }

  async #tick(): Promise<void> {
    const { timers } = this.#deps;
    this.#isTicking = true;
    let lookedAtMs = this.clock.nowMs();
    while (this.#open.size > 0) {
      await timers.sleep(TICK_MS);
      const nowMs = this.clock.nowMs();
      const isHeldUp = nowMs - lookedAtMs >= HELD_UP_MS;
      lookedAtMs = nowMs;
      for (const socket of [...this.#open]) {
        if (isHeldUp) socket.excuse(nowMs);
        else socket.lookAt(nowMs);
      }
      this.#credentials.askSome();
    }
    this.#isTicking = false;
  }
}
