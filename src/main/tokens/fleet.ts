import type { EndElsewhere } from '../../application/fleet/end-elsewhere.ts';
import type { HearNodes } from '../../application/fleet/hear-nodes.ts';
import type { NodeLease } from '../../application/fleet/node-lease.ts';
import type { ReadersElsewhere } from '../../application/fleet/readers-elsewhere.ts';
import type { TakeOver } from '../../application/fleet/take-over.ts';
import type { Turn } from '../../application/fleet/turn.ts';
import type { WatchNodes } from '../../application/fleet/watch-nodes.ts';
import type { WatchOwnStreams } from '../../application/fleet/watch-own-streams.ts';
import type { FleetBus } from '../../application/ports/fleet/fleet-bus.ts';
import type { FleetPulse } from '../../application/ports/fleet/fleet-pulse.ts';
import type { Leases } from '../../application/ports/fleet/leases.ts';
import type { NodeAsks } from '../../application/ports/fleet/node-asks.ts';
import type { ReaderMarks } from '../../application/ports/fleet/reader-marks.ts';
import { identify } from '../tokens.ts';

/** The leases of the nodes, which lie where the streams lie. */
export const NODE_LEASES = identify<Leases>('NodeLeases');
/** The leases of turns, which may be lost. */
export const TURN_LEASES = identify<Leases>('TurnLeases');
/** Makes the turn of a work, for a life in milliseconds. */
export const TURNS = identify<(work: string, lifeMs: number) => Turn>('Turns');
/** Only where there are other nodes. */
export const READER_MARKS = identify<ReaderMarks>('ReaderMarks');
export const READERS_ELSEWHERE = identify<ReadersElsewhere>('ReadersElsewhere');
export const FLEET_BUS = identify<FleetBus>('FleetBus');
/** Only where there is a way to say something to other nodes. */
export const FLEET_PULSE = identify<FleetPulse>('FleetPulse');
export const HEAR_NODES = identify<HearNodes>('HearNodes');

/** The node that this process is, and what keeps it one. */
export const THIS_NODE = identify<NodeLease>('ThisNode');
export const TAKE_OVER = identify<TakeOver>('TakeOver');
export const END_ELSEWHERE = identify<EndElsewhere>('EndElsewhere');
export const WATCH_NODES = identify<WatchNodes>('WatchNodes');
export const WATCH_OWN_STREAMS = identify<WatchOwnStreams>('WatchOwnStreams');
/** What nodes ask each other. */
export const NODE_ASKS = identify<NodeAsks>('NodeAsks');
