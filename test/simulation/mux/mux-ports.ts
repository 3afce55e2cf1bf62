import { createHash } from 'node:crypto';
import type { Watchman } from '../../../src/application/ports/alerts/watchman.ts';
import type { AuditTrail } from '../../../src/application/ports/audit-trail.ts';
import type { Digest } from '../../../src/application/ports/digest.ts';
import type { FleetBus, FleetListener } from '../../../src/application/ports/fleet/fleet-bus.ts';
import type { Leases } from '../../../src/application/ports/fleet/leases.ts';
import type { NodeAsks } from '../../../src/application/ports/fleet/node-asks.ts';
import type { IdSource } from '../../../src/application/ports/id-source.ts';
import type { Log, LogFields } from '../../../src/application/ports/log.ts';
import type { Metrics } from '../../../src/application/ports/metrics.ts';
import type { SubscriberDirectory } from '../../../src/application/ports/multiplexing/subscriber-directory.ts';
import { overNetwork } from '../ports/over-network.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';
import type { MessageLog } from './message-log-kind.ts';
import type { MuxFleet } from './mux-fleet.ts';

/** Everything that a node gets from outside itself. */
export interface MuxPorts {
  readonly clock: SimulatedProcess;
  readonly timers: SimulatedProcess;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly watchman: Watchman;
  readonly bus: FleetBus;
  readonly asks: NodeAsks;
  readonly directory: SubscriberDirectory;
  readonly leases: Leases;
  /** What the sessions of the run's one kind keep. */
  readonly messages: Pick<MessageLog, 'append' | 'read'>;
}

/** The ports of one process of a fleet. Marks name every write, so that whoever reads knows whether it is his. */
export function muxPorts(fleet: MuxFleet, process: SimulatedProcess): MuxPorts {
  const { network, server, random, journal } = fleet;
  const write = (fields: LogFields, message: string): void => {
    const error = fields.err instanceof Error ? `: ${fields.err.message}` : '';
    journal.write(`${process.name} says: ${message}${error}`);
    journal.examine(fields.err, `${process.name}: ${message}`);
  };
  return {
    clock: process,
    timers: process,
    ids: {
      uuid: () => fleet.nextUuid(),
      secret: (bits) => fleet.nextSecret(bits),
      fraction: () => random.fraction(),
    },
    digest: DIGEST,
    log: { debug: () => undefined, info: write, warn: write, error: write },
    metrics: SILENT,
    audit: { act: async () => undefined, refuse: () => undefined },
    watchman: { notice: () => undefined },
    bus: hearingItself(fleet.bus.of(process)),
    asks: fleet.asks.of(process),
    messages: overNetwork(network, process, {
      ...{ name: 'messages', adapter: fleet.messages, server },
      repeatable: new Set(['append', 'read'] as const),
    }),
    directory: overNetwork(network, process, {
      ...{ name: 'subscribers', adapter: fleet.directory, server },
      repeatable: new Set(['find', 'findAll', 'list', 'nodes', 'heldBy', 'expire'] as const),
      carriedOut: (method, given, result) => fleet.directoryChanged(method, given, result),
    }),
    leases: overNetwork(network, process, {
      ...{ name: 'leases', adapter: fleet.leases, server },
      repeatable: new Set(['hold', 'release', 'list'] as const),
    }),
  };
}

/** Its own words a node hears at once, whatever becomes of them on their way to the others. */
function hearingItself(bus: FleetBus): FleetBus {
  const own = new Set<FleetListener>();
  return {
    get isConnected() {
      return bus.isConnected;
    },
    askToStop: (id) => bus.askToStop(id),
    tellRevoked: () => bus.tellRevoked(),
    tellControl: (word) => bus.tellControl(word),
    tellMoved: (id, epoch) => {
      for (const listener of own) listener.onMoved?.(id, epoch);
      bus.tellMoved(id, epoch);
    },
    listen: (listener) => {
      own.add(listener);
      const leave = bus.listen(listener);
      return () => {
        own.delete(listener);
        leave();
      };
    },
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
