import type { Container } from 'inversify';
import { fleetName } from '../../adapters/outbound/mongo/fleet/fleet-name.ts';
import { MongoAttemptCounters } from '../../adapters/outbound/mongo/fleet/mongo-attempt-counters.ts';
import { MongoLeases } from '../../adapters/outbound/mongo/fleet/mongo-leases.ts';
import { MongoReaderMarks } from '../../adapters/outbound/mongo/fleet/mongo-reader-marks.ts';
import type { MongoStore } from '../../adapters/outbound/mongo/mongo-store.ts';
import { FallingBackLeases } from '../../adapters/outbound/redis/fleet/falling-back-leases.ts';
import { RedisFleetBus } from '../../adapters/outbound/redis/fleet/redis-fleet-bus.ts';
import { RedisFleetPulse } from '../../adapters/outbound/redis/fleet/redis-fleet-pulse.ts';
import { RedisLeases } from '../../adapters/outbound/redis/fleet/redis-leases.ts';
import { RedisNodeAsks } from '../../adapters/outbound/redis/fleet/redis-node-asks.ts';
import { RedisAttemptCounters } from '../../adapters/outbound/redis/identity/redis-attempt-counters.ts';
import { RedisLink } from '../../adapters/outbound/redis/redis-link.ts';
import { NO_WIRE } from '../../adapters/outbound/redis/redis-wire.ts';
import { RedisLiveTail } from '../../adapters/outbound/redis/streaming/redis-live-tail.ts';
import { PortError } from '../../application/ports/port-error.ts';
import type { Authenticate } from '../../domain/audit/audit-chain.ts';
import type { ConnectionUrl } from '../configuration/connection-url.ts';
import { OperatorError } from '../operator-error.ts';
import {
  FLEET_BUS,
  FLEET_PULSE,
  NODE_ASKS,
  NODE_LEASES,
  READER_MARKS,
  TURN_LEASES,
} from '../tokens/fleet.ts';
import { ATTEMPT_COUNTERS, LIVE_TAIL, TIMERS } from '../tokens.ts';
import type { Telling } from './store.ts';

/** Redis as a node has it, or its absence; both can be served with. */
export interface FleetRedis {
  readonly link: RedisLink | undefined;
  /** What can be done without at a price, by its name; each resolves while it is there. */
  readonly wanted: Readonly<Record<string, () => Promise<void>>>;
  close(): void;
}

/**
 * Begins to connect to Redis, if there is one, and waits for nothing: it may be lost at any moment. What is kept there
 * begins with the fleet's name.
 *
 * @param keys what signs the words between nodes; those that all nodes have.
 *
 * @throws OperatorError with a sentence when the URL is none.
 */
export async function openFleetRedis(
  url: ConnectionUrl | undefined,
  store: MongoStore,
  { log, metrics }: Telling,
  keys: readonly Authenticate[],
): Promise<FleetRedis> {
  if (url === undefined) return { link: undefined, wanted: {}, close: () => undefined };
  const prefix = `holdfast:${await fleetName(store)}:`;
  const link = openLink(url, { log, metrics, prefix, keys });
  const connected = async (): Promise<void> => {
    if (!link.isConnected) throw new PortError('unavailable', 'redis', 'Redis is out of reach');
  };
  return { link, wanted: { redis: connected }, close: () => link.close() };
}

function openLink(url: ConnectionUrl, given: Parameters<typeof RedisLink.open>[1]): RedisLink {
  try {
    return RedisLink.open(url.reveal(), given);
  } catch (error) {
    throw new OperatorError(2, `redis.url: ${(error as Error).message}`, { cause: error });
  }
}

/** Binds what nodes tell each other at once, and what MongoDB tells in its place. */
export function bindFleetRedis(container: Container, store: MongoStore, { link }: FleetRedis): void {
  const wire = link ?? NO_WIRE;
  const counters = new MongoAttemptCounters(store);
  container
    .bind(ATTEMPT_COUNTERS)
    .toConstantValue(link === undefined ? counters : new RedisAttemptCounters(link, counters));
  container
    .bind(LIVE_TAIL)
    .toResolvedValue((timers) => new RedisLiveTail({ wire, timers }), [TIMERS])
    .inSingletonScope();
  const leases = new MongoLeases(store);
  container.bind(NODE_LEASES).toConstantValue(leases);
  container
    .bind(TURN_LEASES)
    .toConstantValue(link === undefined ? leases : new FallingBackLeases(new RedisLeases(link), leases));
  container.bind(READER_MARKS).toConstantValue(new MongoReaderMarks(store));
  container.bind(FLEET_BUS).toConstantValue(new RedisFleetBus(wire));
  container.bind(NODE_ASKS).toConstantValue(new RedisNodeAsks(wire));
  if (link !== undefined) container.bind(FLEET_PULSE).toConstantValue(new RedisFleetPulse(link));
}
