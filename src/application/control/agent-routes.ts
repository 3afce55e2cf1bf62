import type { AgentRoute } from '../../domain/control/agent-event-state.ts';
import { DomainError } from '../../domain/domain-error.ts';
import { controlSubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import { presentId, type ThisNode } from '../fleet/this-node.ts';
import type { Claimant } from '../multiplexing/claim-refusals.ts';
import type { ClaimSubscription } from '../multiplexing/claim-subscription.ts';
import type { LeaveSubscription } from '../multiplexing/leave-subscription.ts';
import type { Clock } from '../ports/clock.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';
import type { Timers } from '../ports/timers.ts';
import { routeKey } from './agent-connections.ts';
import { forgetHoldsOf, type Hold, holderName, isHeld, type Way } from './held-route.ts';

/** How often what is held is looked at, in milliseconds. */
export const LOOK_AT_ROUTES_MS = 2_000;
/** Most routes that are compared with the directory in one look; the others have their turn in the next. */
export const ROUTES_AT_ONCE = 500;
/**
 * Within so long every route is compared once although no word is known to be missed, in milliseconds: one may be lost all
 * the same, and a session that was taken unnoticed gets no answers. With more than 15,000 routes it takes longer.
 */
export const LOOK_AT_ALL_MS = 60_000;
/**
 * How long a session is held after the last connection that is not its main one has gone, in milliseconds: clients that
 * open one for each event would make two writes of each.
 */
export const LINGER_MS = 10_000;

interface Deps {
  readonly claim: Pick<ClaimSubscription, 'execute'>;
  readonly leave: LeaveSubscription;
  readonly directory: Pick<SubscriberDirectory, 'find'>;
  readonly node: ThisNode;
  readonly bus: FleetBus;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** A connection that wants to be let in to a session. */
export interface Entry extends Claimant {
  readonly route: AgentRoute;
  readonly isMain: boolean;
}

/**
 * What the agents' connections of this process hold in the directory of subscriptions: every session that somebody is
 * connected to, under the name of this node. Whoever is not let in here learns nothing and gets nothing.
 */
export class AgentRoutes {
  readonly #deps: Deps;
  readonly #holds = new Map<string, Hold>();
  #onLost: (route: AgentRoute) => void = () => undefined;
  #next = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** How many sessions this node holds. */
  get size(): number {
    return this.#holds.size;
  }

  /**
   * Lets a connection in to a session of its owner's, which is his from now on if it was nobody's.
   *
   * @throws DomainError `subscriber.owned_by_other`, `subscriber.limit_reached`, `request.invalid` for an id that none
   *   has. PortError of the directory. Nobody is let in then.
   */
  async enter(entry: Entry): Promise<void> {
    const hold = this.#holdOf(entry.route);
    if (entry.isMain) hold.mains += 1;
    else hold.others += 1;
    try {
      await this.#inTurn(hold, async () => {
        const isHeld = [...hold.held.values()].some(({ connection }) => this.#isOurs(connection));
        // A main connection is told of each time: where the newest one is is where answers go.
        if (entry.isMain || !isHeld) await this.#claim(hold, entry.isMain ? 'main' : 'any', entry);
      });
    } catch (error) {
      this.#out(hold, entry.isMain);
      throw error;
    }
  }

  /** A connection that was let in has gone. Never rejects; what the directory does not hear now it hears later. */
  async left(entry: Pick<Entry, 'route' | 'isMain'>): Promise<void> {
    const hold = this.#holds.get(routeKey(entry.route));
    if (hold === undefined) return;
    this.#out(hold, entry.isMain);
    await this.#settle(hold);
  }

  /**
   * Keeps the directory true until the signal aborts. Never rejects.
   *
   * @param given.onLost told of a session that is its owner's no more.
   */
  async execute(given: {
    readonly signal: AbortSignal;
    readonly onLost: (route: AgentRoute) => void;
  }): Promise<void> {
    const { bus, timers } = this.#deps;
    const { signal, onLost } = given;
    const isOf = (sessionId: string) => (hold: Hold) => hold.route.sessionId === sessionId;
    this.#onLost = onLost;
    const silence = bus.listen({
      onControl: (word) =>
        word.kind === 'owners' && void this.#compare(this.#all().filter(isOf(word.sessionId))),
      onMissed: () => void this.#look(ROUTES_AT_ONCE),
    });
    while (!signal.aborted) {
      await timers.sleep(LOOK_AT_ROUTES_MS, signal).catch(() => undefined);
      if (signal.aborted) break;
      await this.#tidy();
      await this.#look(bus.isConnected ? this.#share : ROUTES_AT_ONCE);
    }
    silence();
  }

  /** Lets go of everything, when nobody is connected any more. Never rejects. */
  async leaveAll(): Promise<void> {
    const holds = this.#all();
    for (const hold of holds) hold.lingerUntilMs = 0;
    await Promise.all(holds.map((hold) => this.#settle(hold)));
  }

  #holdOf(route: AgentRoute): Hold {
    const key = routeKey(route);
    const known = this.#holds.get(key);
    if (known !== undefined) return known;
    const hold: Hold = {
      id: controlSubscriberId(route.sessionId),
      route,
      held: new Map(),
      mains: 0,
      others: 0,
      lingerUntilMs: 0,
      isLost: false,
      last: Promise.resolve(),
    };
    this.#holds.set(key, hold);
    return hold;
  }

  #all(): readonly Hold[] {
    return [...this.#holds.values()];
  }

  #out(hold: Hold, isMain: boolean): void {
    if (isMain) hold.mains -= 1;
    else hold.others -= 1;
    if (!isMain && hold.others === 0) hold.lingerUntilMs = this.#deps.clock.nowMs() + LINGER_MS;
    this.#forget(hold);
  }

  #forget(hold: Hold): void {
    if (hold.mains === 0 && hold.others === 0 && hold.held.size === 0)
      this.#holds.delete(routeKey(hold.route));
  }

  #inTurn<Result>(hold: Hold, work: () => Promise<Result>): Promise<Result> {
    const turn = hold.last.then(work);
    hold.last = turn.catch(() => undefined);
    return turn;
  }

  async #claim(hold: Hold, way: Way, claimant: Claimant): Promise<void> {
    const { claim, node } = this.#deps;
    const { owner } = hold.route;
    const { actor, requestId } = claimant;
    const holder = { node: node.id, connection: holderName(node.id, way) };
    const { state } = await claim.execute({
      id: hold.id,
      owner,
      kind: 'control',
      sharing: 'shared',
      holder,
      ...(actor === undefined ? {} : { actor }),
      ...(requestId === undefined ? {} : { requestId }),
    });
    hold.held.set(way, { connection: holder.connection, epoch: state.epoch });
    hold.isLost = false;
  }

  /** Brings the directory to what is connected here. Never rejects. */
  async #settle(hold: Hold): Promise<void> {
    const work = async (): Promise<void> => {
      const wanted = this.#wanted(hold);
      const present = wanted && hold.held.get(wanted);
      // Claimed before the other is left: in between it must not seem to be left by everybody.
      if (wanted !== undefined && (present === undefined || !this.#isOurs(present.connection))) {
        await this.#claim(hold, wanted, {});
      }
      for (const [way, held] of hold.held) {
        if (way === this.#wanted(hold)) continue;
        await this.#deps.leave.execute({ id: hold.id, fence: held });
        hold.held.delete(way);
      }
      this.#forget(hold);
    };
    await this.#inTurn(hold, work).catch((error: unknown) => {
      // Claimed anew under another name of this node, it may be another's meanwhile.
      if (error instanceof DomainError && error.code === 'subscriber.owned_by_other') this.#lose(hold);
      else this.#deps.log.debug({ err: error }, 'who is connected could not be stored; it is tried again');
    });
  }

  #wanted({ mains, others, held, lingerUntilMs, isLost }: Hold): Way | undefined {
    if (isLost) return undefined;
    if (mains > 0) return 'main';
    if (others > 0) return 'any';
    return held.has('any') && this.#deps.clock.nowMs() < lingerUntilMs ? 'any' : undefined;
  }

  /** Whether a holder has this node's present name: a node that others took for dead has got another one. */
  #isOurs(connection: string): boolean {
    const id = presentId(this.#deps.node);
    return id !== undefined && [holderName(id, 'main'), holderName(id, 'any')].includes(connection);
  }

  async #tidy(): Promise<void> {
    for (const hold of this.#all()) {
      const wanted = this.#wanted(hold);
      const held = wanted && hold.held.get(wanted);
      const isTrue = wanted !== undefined && held !== undefined && this.#isOurs(held.connection);
      if (!isTrue || hold.held.size > 1) await this.#settle(hold);
    }
  }

  /** How many routes one look is for, so that all of them have had one in time. */
  get #share(): number {
    const routes = Math.ceil((this.#holds.size * LOOK_AT_ROUTES_MS) / LOOK_AT_ALL_MS);
    return Math.min(routes, ROUTES_AT_ONCE);
  }

  /** Compares some of what is held with the directory, the next ones next time. Never rejects. */
  async #look(routes: number): Promise<void> {
    const all = this.#all();
    const from = this.#next < all.length ? this.#next : 0;
    this.#next = from + routes;
    await this.#compare(all.slice(from, from + routes));
  }

  async #compare(holds: readonly Hold[]): Promise<void> {
    try {
      for (const hold of holds) {
        if (hold.held.size === 0) continue;
        const stored = await this.#inTurn(hold, () => this.#deps.directory.find(hold.id));
        if (hold.held.size === 0) continue;
        if (!isHeld(hold, stored)) this.#lose(hold);
        else forgetHoldsOf(hold, stored);
      }
    } catch (error) {
      this.#deps.log.debug({ err: error }, 'it could not be looked up whose the sessions are');
    }
  }

  #lose(hold: Hold): void {
    hold.held.clear();
    hold.isLost = true;
    this.#forget(hold);
    this.#onLost(hold.route);
  }
}
