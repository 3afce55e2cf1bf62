import {
  type ConnectionQuery,
  type ConnectionSight,
  type LiveConnections,
  MAX_LISTED_SESSIONS,
  MEASURED_MS,
  type SessionSight,
} from '../../../../application/multiplexing/live-connections.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import { nameWithin, type SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { Connections } from './connections.ts';
import type { MuxConnection } from './mux-connection.ts';
import type { MuxSession } from './mux-session.ts';
import { Traffic } from './traffic.ts';

/** Why an operator's end closes. */
const KICKED = 'Ended by an operator';

/** Shows operators the connections of this process, and ends those that they choose. */
export class ConnectionBoard implements LiveConnections {
  readonly #connections: Connections;
  readonly #timers: Timers;

  constructor(connections: Connections, timers: Timers) {
    this.#connections = connections;
    this.#timers = timers;
  }

  /** What is measured is what goes while it is looked: nothing is kept for whoever does not look. */
  async look(query: ConnectionQuery): Promise<readonly ConnectionSight[]> {
    const chosen = this.#chosen(query);
    const before = new Map<MuxSession, Traffic>();
    for (const connection of chosen) {
      for (const session of listed(connection)) before.set(session, copyOf(session.traffic));
    }
    if (chosen.length > 0) await this.#timers.sleep(MEASURED_MS);
    const nowMs = this.#connections.clock.nowMs();
    return chosen
      .filter((connection) => !connection.isClosed)
      .map((connection) => ({
        id: connection.name,
        principal: connection.owner,
        network: connection.network,
        sinceMs: connection.sinceMs,
        openSessions: connection.size,
        sessions: listed(connection).map((session) => sightOf(session, before.get(session), nowMs)),
      }));
  }

  ownerOf(connection: string): SubscriberOwner | undefined {
    return this.#connections.named(connection)?.owner;
  }

  async kick(connection: string): Promise<boolean> {
    const found = this.#connections.named(connection);
    if (found === undefined) return false;
    for (const session of [...found.sessions()]) found.closeSession(session, 4502, KICKED);
    found.close(4502, KICKED);
    // Before the directory knows of their end, another node could still resume them.
    await this.#connections.settled();
    return true;
  }

  kickSession(id: SubscriberId): boolean {
    return this.#connections.end(id, KICKED);
  }

  #chosen({ after = '', principal, limit }: ConnectionQuery): MuxConnection[] {
    const found: MuxConnection[] = [];
    for (const connection of this.#connections.all()) {
      const isWanted = principal === undefined || connection.owner === principal;
      if (isWanted && connection.name > after) found.push(connection);
    }
    return found.sort((left, right) => (left.name < right.name ? -1 : 1)).slice(0, limit);
  }
}

function listed(connection: MuxConnection): MuxSession[] {
  const sessions: MuxSession[] = [];
  for (const session of connection.sessions()) {
    if (sessions.length >= MAX_LISTED_SESSIONS) break;
    sessions.push(session);
  }
  return sessions;
}

function copyOf(traffic: Traffic): Traffic {
  const copy = new Traffic();
  copy.add(traffic);
  return copy;
}

/** One that was opened meanwhile has had all of its traffic since. */
function sightOf(session: MuxSession, before = new Traffic(), nowMs: number): SessionSight {
  const { id, kind, owner, epoch, usedAtMs, queued, counted: traffic } = session;
  const perSecond = (count: (of: Traffic) => number): number =>
    Math.round(((count(traffic) - count(before)) * 1_000) / MEASURED_MS);
  return {
    sessionId: nameWithin(id),
    kind: kind.name,
    principal: owner,
    epoch,
    idleMs: Math.max(0, nowMs - usedAtMs),
    queuedBytes: { in: queued.inBytes, out: queued.outBytes },
    perSecond: {
      messagesIn: perSecond(({ messagesIn }) => messagesIn),
      messagesOut: perSecond(({ messagesOut }) => messagesOut),
      bytesIn: perSecond(({ bytesIn }) => bytesIn),
      bytesOut: perSecond(({ bytesOut }) => bytesOut),
    },
    refused: traffic.refused,
  };
}
