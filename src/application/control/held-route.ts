import type { AgentRoute } from '../../domain/control/agent-event-state.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';

/** How a node holds a session: `main` for connections that get what has no other, `any` for the others alone. */
export type Way = 'main' | 'any';

/** What a node is called in the directory where it holds a session so. */
export const holderName = (node: string, way: Way): string => `${node}/${way}`;

/** Whether a node holds a session for connections that get what has no connection of its own. */
export const isMainHolder = (connection: string): boolean => connection.endsWith('/main');

/** How a node is named in the directory as a holder, and in which epoch. */
interface Held {
  readonly connection: string;
  readonly epoch: number;
}

/** A session that a node holds for those who are connected to it there. */
export interface Hold {
  readonly id: SubscriberId;
  readonly route: AgentRoute;
  readonly held: Map<Way, Held>;
  mains: number;
  others: number;
  /** Until when it is held although nobody is connected, in unix milliseconds. */
  lingerUntilMs: number;
  /** It was taken from its owner: whoever is connected still is about to go, and it is not claimed anew for him. */
  isLost: boolean;
  /** Changes of one session are made one after the other. */
  last: Promise<unknown>;
}

/** A node that was taken for dead is no holder any more, but the session is its owner's still: it claims it anew. */
export const isHeld = ({ route }: Hold, stored: SubscriberState | undefined): stored is SubscriberState =>
  stored !== undefined && stored.end === undefined && stored.owner === route.owner;

/** What the directory does not have is claimed anew, where somebody is connected still. */
export function forgetHoldsOf({ held }: Hold, { holders }: SubscriberState): void {
  for (const [way, { connection }] of held) {
    if (!holders.some((holder) => holder.connection === connection)) held.delete(way);
  }
}
