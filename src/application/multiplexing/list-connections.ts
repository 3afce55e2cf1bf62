import { cutPage } from '../cut-page.ts';
import type { FleetConnections } from './fleet-connections.ts';
import type { ConnectionQuery, ConnectionSight } from './live-connections.ts';

/** A connection, and the node that has it. */
export interface FleetConnection extends ConnectionSight {
  readonly node: string;
}

/** A page of the fleet's connections, by their ids. */
export interface ConnectionPage {
  readonly connections: readonly FleetConnection[];
  /** The id after which the next page begins; undefined when this is the last one. */
  readonly next?: string;
  /** Nodes that live and did not answer, whose connections are not listed. */
  readonly missing: readonly string[];
}

/** Lists the multiplexed connections of all nodes. */
export class ListConnections {
  readonly #deps: { readonly fleet: FleetConnections };

  constructor(deps: { readonly fleet: FleetConnections }) {
    this.#deps = deps;
  }

  /** @throws PortError. */
  async execute(query: ConnectionQuery): Promise<ConnectionPage> {
    const { limit } = query;
    const { answers, missing } = await this.#deps.fleet.ask({
      kind: 'look',
      query: { ...query, limit: limit + 1 },
    });
    const all = answers
      .flatMap(({ node, connections = [] }) => connections.map((sight) => ({ ...sight, node })))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
    const { items: connections, ...next } = cutPage(all, limit, ({ id }) => id);
    return { connections, missing, ...next };
  }
}
