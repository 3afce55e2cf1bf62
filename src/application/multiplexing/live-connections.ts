import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';

/** What went in one second, each way: messages of DATA and EVENT, and their payloads' bytes. */
export interface TrafficRate {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A session that is open, as operators see it. */
export interface SessionSight {
  /** Its name within the protocol. */
  readonly sessionId: string;
  readonly kind: string;
  readonly principal: SubscriberOwner;
  readonly epoch: number;
  /** How long nothing went either way, in milliseconds. */
  readonly idleMs: number;
  /** Frames that wait to be acted on, and to be sent, in bytes. */
  readonly queuedBytes: { readonly in: number; readonly out: number };
  readonly perSecond: TrafficRate;
  /** Frames of it that were refused since it was opened here. */
  readonly refused: number;
}

/** A connection that is open, as operators see it. */
export interface ConnectionSight {
  readonly id: string;
  readonly principal: SubscriberOwner;
  /** The network that it comes from. */
  readonly network: string;
  readonly sinceMs: number;
  /** How many sessions are open on it; of more than are listed this is the whole number. */
  readonly openSessions: number;
  readonly sessions: readonly SessionSight[];
}

/** Which connections are looked at: those after an id, by their ids, of one principal or of all. */
export interface ConnectionQuery {
  readonly after?: string;
  readonly principal?: SubscriberOwner;
  readonly limit: number;
}

/** Most sessions of a connection that are listed. */
export const MAX_LISTED_SESSIONS = 200;
/** How long rates are measured, in milliseconds. */
export const MEASURED_MS = 500;

/** The multiplexed connections of this process. */
export interface LiveConnections {
  /** Looks, measures for `MEASURED_MS`, and tells. */
  look(query: ConnectionQuery): Promise<readonly ConnectionSight[]>;
  /** Whose a connection is; undefined when it is not open here. */
  ownerOf(connection: string): SubscriberOwner | undefined;
  /**
   * Closes a connection by 4502, which ends its sessions, and resolves when the directory has been told so.
   *
   * @returns whether it was open here.
   */
  kick(connection: string): Promise<boolean>;
  /** Closes a session by 4502, whichever connection here has it. @returns whether it was open here. */
  kickSession(id: SubscriberId): boolean;
}
