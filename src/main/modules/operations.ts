import type { Container } from 'inversify';
import { ConnectionBoard } from '../../adapters/inbound/ws/mux/connection-board.ts';
import { EndSubscription } from '../../application/multiplexing/end-subscription.ts';
import { FleetConnections } from '../../application/multiplexing/fleet-connections.ts';
import { KickConnection } from '../../application/multiplexing/kick-connection.ts';
import { ListConnections } from '../../application/multiplexing/list-connections.ts';
import { NODE_ASKS, NODE_LEASES, THIS_NODE } from '../tokens/fleet.ts';
import * as mux from '../tokens/multiplexing.ts';
import { AUDIT, CLOCK, IDS, TIMERS } from '../tokens.ts';

/** Binds what operators see of multiplexed connections, on whichever node they are, and how they end them. */
export function bindOperations(container: Container): void {
  container
    .bind(mux.FLEET_CONNECTIONS)
    .toResolvedValue(
      (connections, timers, asks, leases, node) =>
        new FleetConnections({ own: new ConnectionBoard(connections, timers), asks, leases, node }),
      [mux.CONNECTIONS, TIMERS, NODE_ASKS, NODE_LEASES, THIS_NODE],
    )
    .inSingletonScope();
  container
    .bind(mux.LIST_CONNECTIONS)
    .toResolvedValue((fleet) => new ListConnections({ fleet }), [mux.FLEET_CONNECTIONS]);
  container.bind(mux.KICK_CONNECTION).toResolvedValue(
    (fleet, directory, clock, ids, audit, turns) =>
      new KickConnection({
        fleet,
        directory,
        end: new EndSubscription({ directory, clock, ids, turns }),
        audit,
      }),
    [mux.FLEET_CONNECTIONS, mux.SUBSCRIBERS, CLOCK, IDS, AUDIT, mux.CHANGE_TURNS],
  );
}
