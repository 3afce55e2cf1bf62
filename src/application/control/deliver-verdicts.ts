import {
  type AgentEventId,
  type AgentEventState,
  type AgentRoute,
  type EventOrigin,
  VERDICT_LIFE_MS,
} from '../../domain/control/agent-event-state.ts';
import { controlSubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { Holder } from '../../domain/multiplexing/subscriber-state.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { AgentEventStore } from '../ports/control/agent-event-store.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';
import type { Timers } from '../ports/timers.ts';
import { type AgentConnection, type AgentConnections, routeKey } from './agent-connections.ts';
import type { DeliveryMarks } from './delivery-marks.ts';
import { isMainHolder } from './held-route.ts';
import type { LivingNodes } from './living-nodes.ts';
import type { OrphanedVerdicts } from './orphaned-verdicts.ts';

/** How often a node that may miss words looks what has become due, in milliseconds. */
export const LOOK_FOR_DUE_MS = 2_000;
/** How often a node looks that has heard everything as far as it knows: a word may be lost on its way all the same. */
export const LOOK_ANYWAY_MS = 30_000;
/** Most verdicts of one session that are looked at together. */
export const DUE_AT_ONCE = 200;
/** Most sessions that are looked at in the store at the same time. */
export const LOOKS_AT_ONCE = 16;
/** So many verdicts, or twice as many, are remembered to have come: a look that is under way may still find them due. */
const LEAST_LANDED = 10_000;
/** Most sessions that a node asks for because it may have missed words; where there are more it looks at all its own. */
const MISSED_AT_ONCE = 1_000;
/** How long before the last certain moment what was missed may have become due, in milliseconds. */
const MARGIN_MS = 10_000;

/** What is known of one connection's verdicts. */
interface Flights {
  /** Those that are on their way, by the state in which they were seen last. */
  readonly marks: Map<AgentEventId, string>;
  /** Whether something came by it that is neither on its way nor there: it waits for a person, or for room. */
  hasMore: boolean;
}

interface Deps {
  readonly store: AgentEventStore;
  readonly marks: DeliveryMarks;
  readonly orphans: OrphanedVerdicts;
  readonly connections: AgentConnections;
  readonly directory: Pick<SubscriberDirectory, 'find'>;
  readonly nodes: LivingNodes;
  readonly bus: FleetBus;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Brings verdicts to where they belong: to the connection that their event came by while that lives, on whichever node;
 * else to the newest main connection of the owner's session; else they wait. A verdict has come when its connection says
 * so for certain; until then it goes out again, so that it comes at least once.
 */
export class DeliverVerdicts {
  readonly #deps: Deps;
  readonly #flights = new Map<string, Flights>();
  /** Sessions that are to be looked at, and those that are being looked at. */
  readonly #asked = new Map<string, AgentRoute>();
  readonly #looking = new Set<string>();
  /** Sessions that could not be looked at. */
  readonly #again = new Map<string, AgentRoute>();
  /** Sessions that have more than one look has: they are looked at again when some of it has come. */
  readonly #more = new Set<string>();
  /** States whose verdicts have come, the last ones of many: those of now and, once these are many, those before. */
  #landed = new Set<string>();
  #landedBefore = new Set<string>();
  #sureUntilMs: number;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#sureUntilMs = deps.clock.nowMs();
  }

  /**
   * Sends what has just been taken from a connection back on it, or to whoever gets it when it has gone. What had come
   * before (`isAgain`) is answered again also where the first answer is on its way: its client may have read that one.
   */
  taken(connection: AgentConnection, state: AgentEventState, isAgain = false): void {
    if (state.delivery !== 'due' && state.delivery !== 'waiting') return;
    if (this.#deps.connections.byName(connection.name) !== connection) {
      void this.#deps.orphans.of(connection.name);
      return;
    }
    if (state.delivery === 'waiting') this.#flightsOf(connection).hasMore = true;
    else this.#send(connection, state, isAgain ? 'asked' : 'at_once');
  }

  /** Looks what is due to a session, if somebody is connected to it here. */
  look({ owner, sessionId }: AgentRoute): void {
    const route = { owner, sessionId };
    if (!this.#deps.connections.has(route)) return;
    this.#asked.set(routeKey(route), route);
    this.#lookOn();
  }

  /**
   * A connection has gone: what came by it and has no answer yet goes to the main one of its session. To be called when it
   * is no more among the connections. Never rejects.
   */
  async left(connection: AgentConnection): Promise<void> {
    const flights = this.#flights.get(connection.name);
    this.#flights.delete(connection.name);
    if (flights === undefined || (flights.marks.size === 0 && !flights.hasMore)) return;
    await this.#deps.orphans.of(connection.name);
  }

  /** Other nodes may have died: what was theirs to send may be ours. */
  nodesGone(): void {
    for (const { route } of this.#deps.connections.mains()) this.look(route);
  }

  /** Hears what is due until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { bus, timers, clock } = this.#deps;
    const silence = bus.listen({
      onControl: (word) => word.kind === 'due' && this.look(word.route),
      onMissed: () => void this.#lookForMissed(),
    });
    while (!signal.aborted) {
      await timers.sleep(LOOK_FOR_DUE_MS, signal).catch(() => undefined);
      if (signal.aborted) break;
      await this.#deps.orphans.tryAgain();
      const again = [...this.#again.values()];
      this.#again.clear();
      for (const route of again) this.look(route);
      const nowMs = clock.nowMs();
      if (!bus.isConnected) await this.#lookForMissed();
      else if (nowMs - this.#sureUntilMs >= LOOK_ANYWAY_MS) {
        if (await this.#lookForMissed('anyway')) this.#sureUntilMs = nowMs;
      }
    }
    silence();
  }

  /** Resolves when the store knows what has come and what nobody has, as far as it can be told. Never rejects. */
  async settled(): Promise<void> {
    await this.#deps.marks.flushed();
    await this.#deps.orphans.tryAgain();
  }

  #flightsOf({ name }: AgentConnection): Flights {
    const known = this.#flights.get(name);
    if (known !== undefined) return known;
    const flights: Flights = { marks: new Map(), hasMore: false };
    this.#flights.set(name, flights);
    return flights;
  }

  #send(
    connection: AgentConnection,
    state: AgentEventState,
    how: 'at_once' | 'decided' | 'again' | 'asked',
  ): void {
    const { metrics, clock } = this.#deps;
    const flights = this.#flightsOf(connection);
    // It was read before it was stored that it has come.
    if (this.#landed.has(state.mark) || this.#landedBefore.has(state.mark)) return;
    const isOnItsWay = flights.marks.has(state.id);
    if (isOnItsWay && how !== 'asked') {
      flights.marks.set(state.id, state.mark);
      return;
    }
    const told = connection.tell(state);
    if (told === 'later') return;
    if (told === 'full') {
      this.#dropped(flights, state);
      return;
    }
    flights.marks.set(state.id, state.mark);
    metrics.count('holdfast_control_verdicts_sent_total', { how: how === 'asked' ? 'again' : how });
    if (how === 'at_once') {
      metrics.observeSeconds(
        'holdfast_control_verdict_seconds',
        (clock.nowMs() - state.receivedAtMs) / 1_000,
      );
    }
    const { id, owner, sessionId } = state;
    this.#follow(told, flights, id, { owner, sessionId });
  }

  /** Marks a verdict once it has come. Keeps its names until then and not its event. */
  #follow(told: Promise<boolean>, flights: Flights, id: AgentEventId, route: AgentRoute): void {
    const land = (mark: string): void => {
      flights.marks.delete(id);
      this.#remember(mark);
      if (this.#more.size > 0 && this.#more.delete(routeKey(route))) this.look(route);
    };
    void told.then((hasCome) => {
      const mark = flights.marks.get(id);
      if (hasCome && mark !== undefined) this.#deps.marks.add({ id, mark, done: () => land(mark) });
    });
  }

  /** Forgotten are many at once: what takes the oldest out of a set one by one looks past all those that it took before. */
  #remember(mark: string): void {
    this.#landed.add(mark);
    if (this.#landed.size < LEAST_LANDED) return;
    this.#landedBefore = this.#landed;
    this.#landed = new Set();
  }

  /** It stays due, and is sent when there is room, or to the next who comes. */
  #dropped(flights: Flights, { id, owner }: AgentEventState): void {
    const { metrics, audit } = this.#deps;
    flights.hasMore = true;
    metrics.count('holdfast_control_drops_total', { what: 'verdict' });
    audit.refuse({ act: 'verdict.put_off', outcome: 'refused', object: id, facts: { owner } });
  }

  #lookOn(): void {
    for (const [key, route] of this.#asked) {
      if (this.#looking.size >= LOOKS_AT_ONCE) return;
      if (this.#looking.has(key)) continue;
      this.#asked.delete(key);
      this.#looking.add(key);
      void this.#lookAt(route).finally(() => {
        this.#looking.delete(key);
        this.#lookOn();
      });
    }
  }

  async #lookAt(route: AgentRoute): Promise<void> {
    const { store, log } = this.#deps;
    try {
      const due = await store.due(route, DUE_AT_ONCE);
      let main: Promise<AgentConnection | undefined> | undefined;
      for (const state of due) {
        const own = await this.#originOf(state.origin);
        if (own === 'elsewhere') continue;
        main ??= own === undefined ? this.#mainOf(route) : undefined;
        const connection = own ?? (await main);
        const how = state.review === undefined ? 'again' : 'decided';
        if (connection !== undefined) this.#send(connection, state, how);
      }
      if (due.length === DUE_AT_ONCE) this.#more.add(routeKey(route));
    } catch (error) {
      this.#again.set(routeKey(route), route);
      log.debug({ err: error }, 'what is due to agents could not be read; it is tried again');
    }
  }

  /** The connection that an event came by, if it is here and lives; `elsewhere`: another node has it. */
  async #originOf(origin: EventOrigin | undefined): Promise<AgentConnection | 'elsewhere' | undefined> {
    const { connections, nodes } = this.#deps;
    if (origin === undefined) return undefined;
    const own = connections.byName(origin.connection);
    if (own !== undefined) return own;
    return (await nodes.isElsewhere(origin.node)) ? 'elsewhere' : undefined;
  }

  /** The newest main connection of a session, if it is here. */
  async #mainOf(route: AgentRoute): Promise<AgentConnection | undefined> {
    const { connections, directory, nodes } = this.#deps;
    if (connections.newestMain(route) === undefined) return undefined;
    const stored = await directory.find(controlSubscriberId(route.sessionId));
    if (stored === undefined || stored.owner !== route.owner) return undefined;
    let newest: Holder | undefined;
    for (const holder of stored.holders) {
      const isNewer = newest === undefined || holder.sinceMs > newest.sinceMs;
      if (!isMainHolder(holder.connection) || !isNewer) continue;
      if (nodes.isThis(holder.node) || (await nodes.isElsewhere(holder.node))) newest = holder;
    }
    const isHere = newest !== undefined && nodes.isThis(newest.node);
    return isHere ? connections.newestMain(route) : undefined;
  }

  /** @returns whether it was found out. */
  async #lookForMissed(why: 'missed' | 'anyway' = 'missed'): Promise<boolean> {
    const { store, connections, clock, log } = this.#deps;
    if (connections.size === 0) return true;
    const sinceMs = Math.max(this.#sureUntilMs - MARGIN_MS, clock.nowMs() - VERDICT_LIFE_MS);
    try {
      const routes = await store.dueRoutes(sinceMs, MISSED_AT_ONCE);
      // What is on its way to many is most of it where nothing is known to be missed: the others have their turn later.
      if (routes.length === MISSED_AT_ONCE && why === 'missed') {
        for (const route of connections.routes()) this.look(route);
      } else for (const route of routes) this.look(route);
      return true;
    } catch (error) {
      log.debug({ err: error }, 'what has become due to agents could not be read; it is tried again');
      return false;
    }
  }
}
