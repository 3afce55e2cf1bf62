import { createHash } from 'node:crypto';
import type { Watchman } from '../../../src/application/ports/alerts/watchman.ts';
import type { AuditTrail } from '../../../src/application/ports/audit-trail.ts';
import type { AgentEventStore } from '../../../src/application/ports/control/agent-event-store.ts';
import type { PolicyStore } from '../../../src/application/ports/control/policy-store.ts';
import type { Digest } from '../../../src/application/ports/digest.ts';
import type { FleetBus } from '../../../src/application/ports/fleet/fleet-bus.ts';
import type { Leases } from '../../../src/application/ports/fleet/leases.ts';
import type { IdSource } from '../../../src/application/ports/id-source.ts';
import type { Log, LogFields } from '../../../src/application/ports/log.ts';
import type { Metrics } from '../../../src/application/ports/metrics.ts';
import type { SubscriberDirectory } from '../../../src/application/ports/multiplexing/subscriber-directory.ts';
import { overNetwork } from '../ports/over-network.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';
import type { ControlWorld } from './control-world.ts';

/** Everything that a node gets from outside itself. */
export interface ControlPorts {
  readonly clock: SimulatedProcess;
  readonly timers: SimulatedProcess;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly watchman: Watchman;
  readonly bus: FleetBus;
  readonly store: AgentEventStore;
  readonly policies: PolicyStore;
  readonly directory: SubscriberDirectory;
  readonly leases: Leases;
}

/** The ports of one process of a world. Marks and ids make every write one that the store knows again. */
export function controlPorts(world: ControlWorld, process: SimulatedProcess): ControlPorts {
  const { network, server, bus, random, journal } = world;
  const write = (fields: LogFields, message: string): void => {
    journal.write(`${process.name} says: ${message}`);
    journal.examine(fields.err, `${process.name}: ${message}`);
  };
  return {
    clock: process,
    timers: process,
    ids: {
      uuid: () => world.nextUuid(),
      secret: () => String(world.nextNumber()).padStart(22, '0'),
      fraction: () => random.fraction(),
    },
    digest: DIGEST,
    log: { debug: () => undefined, info: write, warn: write, error: write },
    metrics: SILENT,
    audit: { act: async () => undefined, refuse: () => undefined },
    watchman: { notice: () => undefined },
    bus: bus.of(process),
    policies: overNetwork(network, process, {
      ...{ name: 'policies', adapter: world.policies, server },
      repeatable: new Set(['read'] as const),
    }),
    store: overNetwork(network, process, {
      ...{ name: 'events', adapter: world.store, server },
      repeatable: new Set(['due', 'ofConnection', 'findByReview', 'findSame', 'delivered'] as const),
    }),
    directory: overNetwork(network, process, {
      ...{ name: 'routes', adapter: world.directory, server },
      repeatable: new Set(['find'] as const),
      carriedOut: (method, given, result) => world.routeChanged(method, given, result),
    }),
    leases: overNetwork(network, process, {
      ...{ name: 'leases', adapter: world.leases, server },
      repeatable: new Set(['hold', 'release', 'list'] as const),
    }),
  };
}

const sha256Hex = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const DIGEST: Digest = { sha256Hex, matches: (text, hex) => sha256Hex(text) === hex };

const SILENT: Metrics = {
  count: () => undefined,
  gauge: () => undefined,
  info: () => undefined,
  gather: () => undefined,
  observeSeconds: () => undefined,
};
