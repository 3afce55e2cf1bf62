import { hostname } from 'node:os';
import type { Container } from 'inversify';
import { MemoryFleetBus } from '../../adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import { MemoryLeases } from '../../adapters/outbound/memory/fleet/memory-leases.ts';
import { MemoryNodeAsks } from '../../adapters/outbound/memory/fleet/memory-node-asks.ts';
import { EndElsewhere } from '../../application/fleet/end-elsewhere.ts';
import { HearNodes } from '../../application/fleet/hear-nodes.ts';
import { NodeLease } from '../../application/fleet/node-lease.ts';
import { RecoverNode } from '../../application/fleet/recover-node.ts';
import { TakeOver } from '../../application/fleet/take-over.ts';
import { Turn } from '../../application/fleet/turn.ts';
import { WatchNodes } from '../../application/fleet/watch-nodes.ts';
import { WatchOwnStreams } from '../../application/fleet/watch-own-streams.ts';
import type { Clock } from '../../application/ports/clock.ts';
import { DELIVER_VERDICTS, FOLLOW_REVIEWS } from '../tokens/control.ts';
import * as fleet from '../tokens/fleet.ts';
import * as streaming from '../tokens/streaming.ts';
import {
  CLOCK,
  CREDIT_HOLDS,
  DIGEST,
  EVENT_LOG,
  IDS,
  LIVE_TAIL,
  LOG,
  METRICS,
  STREAMS,
  TIMERS,
} from '../tokens.ts';

/** Binds the leases and the bus of a process that is alone. */
export function bindLoneNode(container: Container): void {
  const leases = (clock: Clock): MemoryLeases => new MemoryLeases({ clock });
  container.bind(fleet.NODE_LEASES).toResolvedValue(leases, [CLOCK]).inSingletonScope();
  container.bind(fleet.TURN_LEASES).toResolvedValue(leases, [CLOCK]).inSingletonScope();
  container.bind(fleet.FLEET_BUS).toConstantValue(new MemoryFleetBus());
  container.bind(fleet.NODE_ASKS).toConstantValue(new MemoryNodeAsks());
}

/** Binds what every process is among others, whatever it serves. `lifeMs`: how long it counts as living unheard. */
export function bindNode(container: Container, lifeMs: number): void {
  container
    .bind(fleet.THIS_NODE)
    .toResolvedValue(
      (leases, ids, timers, log, metrics) =>
        new NodeLease({ leases, ids, timers, log, metrics, host: hostname(), lifeMs }),
      [fleet.NODE_LEASES, IDS, TIMERS, LOG, METRICS],
    )
    .inSingletonScope();
  container
    .bind(fleet.TURNS)
    .toResolvedValue(
      (leases, node, timers, log) => (work: string, lifeMs: number) =>
        new Turn({ leases, node, timers, log }, { work, lifeMs }),
      [fleet.TURN_LEASES, fleet.THIS_NODE, TIMERS, LOG],
    );
}

/** Binds what every process that has a way to say something to others does to be heard; where there is none, nothing. */
export function bindHearing(container: Container, lifeMs: number): void {
  container
    .bind(fleet.HEAR_NODES)
    .toResolvedValue(
      (pulse, leases, node, clock, timers, log, metrics) =>
        new HearNodes({ pulse, leases, node, clock, timers, log, metrics, lifeMs }),
      [fleet.FLEET_PULSE, fleet.NODE_LEASES, fleet.THIS_NODE, CLOCK, TIMERS, LOG, METRICS],
    )
    .inSingletonScope();
}

/** Binds what chat does about other nodes that drive streams. */
export function bindNodesOfChat(container: Container, lifeMs: number): void {
  container.bind(fleet.TAKE_OVER).toResolvedValue(
    (leases, node, streams, eventLog, tail, bus, settler, holds, clock, timers, digest, log) => {
      const ending = { streams, eventLog, tail, bus, settler, holds, clock, timers, digest, log };
      const recoverNode = new RecoverNode(ending);
      return new TakeOver({ leases, node, recoverNode, clock, log, lifeMs });
    },
    [
      fleet.NODE_LEASES,
      fleet.THIS_NODE,
      STREAMS,
      EVENT_LOG,
      LIVE_TAIL,
      fleet.FLEET_BUS,
      streaming.INTENT_SETTLER,
      CREDIT_HOLDS,
      CLOCK,
      TIMERS,
      DIGEST,
      LOG,
    ],
  );
  container
    .bind(fleet.END_ELSEWHERE)
    .toResolvedValue(
      (bus, streams, eventLog, tail, settler, holds, clock, timers, digest, log) =>
        new EndElsewhere({ bus, streams, eventLog, tail, settler, holds, clock, timers, digest, log }),
      [
        fleet.FLEET_BUS,
        STREAMS,
        EVENT_LOG,
        LIVE_TAIL,
        streaming.INTENT_SETTLER,
        CREDIT_HOLDS,
        CLOCK,
        TIMERS,
        DIGEST,
        LOG,
      ],
    );
  bindWatching(container, lifeMs);
}

function bindWatching(container: Container, lifeMs: number): void {
  container.bind(fleet.WATCH_NODES).toResolvedValue(
    (leases, streams, node, takeOver, timers, log, readers, observers) =>
      new WatchNodes({
        leases,
        streams,
        node,
        takeOver,
        timers,
        log,
        lifeMs,
        onNodesGone: () => {
          readers.missed();
          observers.missed();
          container.get(DELIVER_VERDICTS).nodesGone();
          container.get(FOLLOW_REVIEWS).nodesGone();
        },
      }),
    [
      fleet.NODE_LEASES,
      STREAMS,
      fleet.THIS_NODE,
      fleet.TAKE_OVER,
      TIMERS,
      LOG,
      streaming.STREAM_READERS,
      streaming.STREAM_OBSERVERS,
    ],
  );
  container
    .bind(fleet.WATCH_OWN_STREAMS)
    .toResolvedValue(
      (bus, node, running, streams, timers, log) =>
        new WatchOwnStreams({ bus, node, running, streams, timers, log }),
      [fleet.FLEET_BUS, fleet.THIS_NODE, streaming.RUNNING_STREAMS, STREAMS, TIMERS, LOG],
    );
}
