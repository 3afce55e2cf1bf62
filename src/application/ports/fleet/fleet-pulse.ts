import type { NodeId } from '../../../domain/streaming/node-id.ts';

/**
 * Shows whether the words of a fleet's nodes reach each other: every node says now and then that it is there, by the way
 * that all its words take, and hears itself by that way too. Beats may be lost, and are never invented. Nothing here
 * blocks or throws.
 */
export interface FleetPulse {
  /** Whether that way seems to be open; which nodes it leads to only beats tell. */
  readonly isOpen: boolean;
  /** Says that a node is there. */
  beat(id: NodeId): void;
  /** Hears who is there until the returned function is called. */
  listen(onBeat: (id: NodeId) => void): () => void;
  /** While there is a reason to doubt, words count as not carried, and everybody looks at the store in their place. */
  doubt(reason: string | undefined): void;
}
