import { createHash } from 'node:crypto';
import { FENCED } from '../../../src/application/fleet/node-lease.ts';
import type { CreditHolds } from '../../../src/application/ports/accounting/credit-holds.ts';
import type { ReservationLedger } from '../../../src/application/ports/accounting/reservation-ledger.ts';
import type { AuditTrail } from '../../../src/application/ports/audit-trail.ts';
import type { Digest } from '../../../src/application/ports/digest.ts';
import type { FleetBus } from '../../../src/application/ports/fleet/fleet-bus.ts';
import type { Leases } from '../../../src/application/ports/fleet/leases.ts';
import type { IdSource } from '../../../src/application/ports/id-source.ts';
import type { PrincipalDirectory } from '../../../src/application/ports/identity/principal-directory.ts';
import type { Log, LogFields } from '../../../src/application/ports/log.ts';
import type { Metrics } from '../../../src/application/ports/metrics.ts';
import type { ChatRepository } from '../../../src/application/ports/streaming/chat-repository.ts';
import type { CompletionModels } from '../../../src/application/ports/streaming/completion-model.ts';
import type { EventLog } from '../../../src/application/ports/streaming/event-log.ts';
import type { LiveTail } from '../../../src/application/ports/streaming/live-tail.ts';
import type { StreamRepository } from '../../../src/application/ports/streaming/stream-repository.ts';
import { BILLED_BY_LOG_ALONE } from '../../../src/application/streaming/engine/hold-checkpoint.ts';
import { localHolds } from '../ports/local-holds.ts';
import { overNetwork } from '../ports/over-network.ts';
import { SimulatedModel } from '../ports/simulated-model.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';

/** Everything that a node gets from outside itself. */
export interface NodePorts {
  readonly clock: SimulatedProcess;
  readonly timers: SimulatedProcess;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly directory: PrincipalDirectory;
  readonly chats: ChatRepository;
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly ledger: ReservationLedger;
  /** Accounting, in the same process or as a service of its own. */
  readonly holds: CreditHolds;
  readonly leases: Leases;
  readonly tail: LiveTail;
  readonly bus: FleetBus;
  readonly models: CompletionModels;
}

/** The ports of one process of a world. */
export function nodePorts(world: World, process: SimulatedProcess): NodePorts {
  const { random, tail, bus, streamInvariants } = world;
  const ports = {
    clock: process,
    timers: process,
    ids: {
      uuid: () => world.nextUuid(),
      secret: () => world.nextUuid(),
      fraction: () => random.fraction(),
    },
    digest: DIGEST,
    log: logOf(world, process),
    metrics: SILENT,
    audit: { act: async () => undefined, refuse: () => undefined },
    directory: NOBODY_ASKED,
    ...storesOf(world, process),
    tail: tail.of(process),
    bus: bus.of(process),
    models: new SimulatedModel(process, random, streamInvariants, world),
  };
  return { ...ports, holds: holdsOf(world, process) ?? localHolds(ports) };
}

/** Accounting apart, whose answers may be lost as well; undefined where every node does its own. */
function holdsOf(
  { network, state, accounting, watch }: World,
  process: SimulatedProcess,
): CreditHolds | undefined {
  if (accounting === undefined) return undefined;
  return overNetwork(network, process, {
    ...{ name: 'accounting', adapter: accounting, server: state.accountingServer },
    carriedOut: watch.holds,
    repeatable: new Set(['reserve', 'extend', 'checkpointOf', 'resolve'] as const),
  });
}

type Stores = Pick<NodePorts, 'chats' | 'streams' | 'eventLog' | 'ledger' | 'leases'>;

function storesOf({ network, state, watch }: World, process: SimulatedProcess): Stores {
  const { streamServer, ledgerServer } = state;
  const { streams, money, leases } = watch;
  return {
    chats: overNetwork(network, process, {
      ...{ name: 'chats', adapter: state.chats, server: streamServer, carriedOut: streams },
      repeatable: new Set([]),
    }),
    streams: overNetwork(network, process, {
      ...{ name: 'streams', adapter: state.streams, server: streamServer, carriedOut: streams },
      repeatable: new Set(['abandon', 'wishStop', 'acknowledgeIntent', 'expireEnded'] as const),
    }),
    eventLog: overNetwork(network, process, {
      ...{ name: 'events', adapter: state.eventLog, server: streamServer, carriedOut: streams },
      repeatable: new Set([]),
    }),
    ledger: overNetwork(network, process, {
      ...{ name: 'ledger', adapter: state.ledger, server: ledgerServer, carriedOut: money },
      repeatable: new Set([
        ...(['reserve', 'extend', 'settle', 'release', 'expireDue'] as const),
        ...(['grant', 'adjust', 'deduct'] as const),
      ]),
    }),
    leases: overNetwork(network, process, {
      ...{ name: 'leases', adapter: state.leases, server: streamServer, carriedOut: leases },
      repeatable: new Set(['hold', 'release'] as const),
    }),
  };
}

const DIGEST: Digest = {
  sha256Hex: (text) => createHash('sha256').update(text, 'utf8').digest('hex'),
  matches: (text, hex) => createHash('sha256').update(text, 'utf8').digest('hex') === hex,
};

const SILENT: Metrics = {
  count: () => undefined,
  gauge: () => undefined,
  info: () => undefined,
  gather: () => undefined,
  observeSeconds: () => undefined,
};

/** Users are named by their ids here, and those are never looked up. */
const NOBODY_ASKED: PrincipalDirectory = {
  resolve: async () => undefined,
  resolveEmail: async () => undefined,
  search: async () => ({ entries: [], total: 0 }),
};

/** What a node says at error level is a mistake of the program, but for what it must say there. */
function logOf({ journal, streamInvariants }: World, process: SimulatedProcess): Log {
  const write = (fields: LogFields, message: string): void => {
    const error = fields.err instanceof Error ? `: ${fields.err.message}` : '';
    journal.write(`${process.name} says: ${message}${error}`);
    journal.examine(fields.err, `${process.name}: ${message}`);
  };
  return {
    debug: () => undefined,
    info: write,
    warn: (fields, message) => {
      write(fields, message);
      // Without an accounting to ask there is no checkpoint to go by.
      if (message === BILLED_BY_LOG_ALONE) streamInvariants.toldCheckpoint(fields.streamId, 0, process.name);
    },
    error: (fields, message) => {
      write(fields, message);
      if (!SAID_AT_ERROR_LEVEL.has(message)) journal.fail(`${process.name} says as an error: ${message}`);
    },
  };
}

/** Errors that operators must hear of and that are no mistake. */
const SAID_AT_ERROR_LEVEL: ReadonlySet<string> = new Set([FENCED]);
