import type { Connections } from '../../adapters/inbound/ws/mux/connections.ts';
import type { Kind } from '../../adapters/inbound/ws/mux/kinds/kind.ts';
import type { ChangeTurns } from '../../application/multiplexing/change-turns.ts';
import type { FleetConnections } from '../../application/multiplexing/fleet-connections.ts';
import type { KeepSubscriptions } from '../../application/multiplexing/keep-subscriptions.ts';
import type { KickConnection } from '../../application/multiplexing/kick-connection.ts';
import type { ListConnections } from '../../application/multiplexing/list-connections.ts';
import type { NoteBreach } from '../../application/multiplexing/note-breach.ts';
import type { WatchOwnSubscriptions } from '../../application/multiplexing/watch-own-subscriptions.ts';
import type { SubscriberDirectory } from '../../application/ports/multiplexing/subscriber-directory.ts';
import { identify } from '../tokens.ts';

export const SUBSCRIBERS = identify<SubscriberDirectory>('SubscriberDirectory');
/** In which those of this process who change the same subscription take turns. */
export const CHANGE_TURNS = identify<ChangeTurns>('ChangeTurns');
/** The kinds of sessions that may be opened. */
export const MUX_KINDS = identify<readonly Kind[]>('MuxKinds');
/** Lets go of sessions that other nodes have taken over. */
export const WATCH_OWN_SUBSCRIPTIONS = identify<WatchOwnSubscriptions>('WatchOwnSubscriptions');
export const CONNECTIONS = identify<Connections>('Connections');
export const KEEP_SUBSCRIPTIONS = identify<KeepSubscriptions>('KeepSubscriptions');
/** Whoever runs into a limit is told of here. */
export const NOTE_BREACH = identify<NoteBreach>('NoteBreach');
export const FLEET_CONNECTIONS = identify<FleetConnections>('FleetConnections');
export const LIST_CONNECTIONS = identify<ListConnections>('ListConnections');
export const KICK_CONNECTION = identify<KickConnection>('KickConnection');
