import type { AgentEventState, AgentRoute } from '../../domain/control/agent-event-state.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';

/** An agent's connection to this process, once it has logged in. */
export interface AgentConnection {
  /** The server's own name of it, which no other ever has. */
  readonly name: string;
  /** What it has logged in to; another login on it may change that. */
  readonly route: AgentRoute;
  /** The agent profile that its key is bound to. */
  readonly profile: string | undefined;
  /** Whether it gets what has no connection of its own any more: one that named no connection at its login. */
  readonly isMain: boolean;
  /**
   * Sends the verdict on an event. The promise is true once its client has it for certain, and false when it has ended
   * before that was known. `full`: it takes nothing more for now, and asks for what is due when it does again. `later`:
   * it sends that one itself, when its turn has come.
   */
  tell(state: AgentEventState): Promise<boolean> | 'full' | 'later';
  /** Tells the policy as it is now, unless that is what it was told last. */
  tellPolicy(): void;
  /** Its session has been taken from its owner. */
  lose(): void;
}

/**
 * Most sessions that one connection may have left for another one: what came by it in any of them is answered by it
 * still, so that each is remembered as long as it lasts.
 */
export const MAX_LEFT_SESSIONS = 64;

interface Room {
  /** In the order of their logins. */
  readonly mains: AgentConnection[];
  readonly others: Set<AgentConnection>;
}

/** One text for one route; owners have no line ends in their names. */
export const routeKey = ({ owner, sessionId }: AgentRoute): string => `${owner}\n${sessionId}`;

/** The agents' connections of this process that have logged in, by their names and by their sessions. */
export class AgentConnections {
  readonly #byName = new Map<string, AgentConnection>();
  readonly #rooms = new Map<string, Room>();
  readonly #routes = new Map<string, AgentRoute>();
  /** By connection, the sessions that it was logged in to before; by session, how many connections left it so. */
  readonly #left = new Map<AgentConnection, Map<string, AgentRoute>>();
  readonly #leftBy = new Map<string, number>();

  get size(): number {
    return this.#byName.size;
  }

  /** A connection has logged in; among its session's main ones it is the newest now. */
  add(connection: AgentConnection): void {
    const key = routeKey(connection.route);
    const room = this.#rooms.get(key) ?? { mains: [], others: new Set() };
    this.#rooms.set(key, room);
    this.#routes.set(key, connection.route);
    if (connection.isMain) room.mains.push(connection);
    else room.others.add(connection);
    this.#byName.set(connection.name, connection);
  }

  /** Whether a connection has left as many sessions as it may: it is to log in to no other one. */
  hasLeftTooMany(connection: AgentConnection): boolean {
    return (this.#left.get(connection)?.size ?? 0) >= MAX_LEFT_SESSIONS;
  }

  /** A connection logs in anew; to be called before its route changes, and `add` after. */
  leave(connection: AgentConnection, next: AgentRoute): void {
    const key = routeKey(connection.route);
    if (!this.#take(connection) || key === routeKey(next)) return;
    const left = this.#left.get(connection) ?? new Map<string, AgentRoute>();
    this.#left.set(connection, left);
    if (left.has(key)) return;
    left.set(key, connection.route);
    this.#leftBy.set(key, (this.#leftBy.get(key) ?? 0) + 1);
  }

  /** A connection has gone. */
  remove(connection: AgentConnection): void {
    this.#take(connection);
    for (const key of this.#left.get(connection)?.keys() ?? []) {
      const others = (this.#leftBy.get(key) ?? 1) - 1;
      if (others === 0) this.#leftBy.delete(key);
      else this.#leftBy.set(key, others);
    }
    this.#left.delete(connection);
  }

  #take(connection: AgentConnection): boolean {
    if (!this.#byName.delete(connection.name)) return false;
    const key = routeKey(connection.route);
    const room = this.#rooms.get(key);
    if (room === undefined) return true;
    const at = room.mains.indexOf(connection);
    if (at >= 0) room.mains.splice(at, 1);
    room.others.delete(connection);
    if (room.mains.length > 0 || room.others.size > 0) return true;
    this.#rooms.delete(key);
    this.#routes.delete(key);
    return true;
  }

  byName(name: string): AgentConnection | undefined {
    return this.#byName.get(name);
  }

  /** The main connection of a session that logged in last. */
  newestMain(route: AgentRoute): AgentConnection | undefined {
    return this.#rooms.get(routeKey(route))?.mains.at(-1);
  }

  /** Whether somebody is connected who answers for a session: he is logged in to it, or was when something came. */
  has(route: AgentRoute): boolean {
    const key = routeKey(route);
    return this.#rooms.has(key) || this.#leftBy.has(key);
  }

  /** Every connection of a session. */
  of(route: AgentRoute): readonly AgentConnection[] {
    const room = this.#rooms.get(routeKey(route));
    return room === undefined ? [] : [...room.mains, ...room.others];
  }

  /** The sessions that somebody answers for here; one may come more than once. */
  *routes(): Iterable<AgentRoute> {
    yield* this.#routes.values();
    for (const left of this.#left.values()) yield* left.values();
  }

  /** Every main connection. */
  *mains(): Iterable<AgentConnection> {
    for (const { mains } of this.#rooms.values()) yield* mains;
  }

  /** Whether an owner has anybody connected here. */
  isConnected(owner: SubscriberOwner): boolean {
    for (const route of this.#routes.values()) if (route.owner === owner) return true;
    return false;
  }
}
