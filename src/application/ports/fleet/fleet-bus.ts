import type { ControlWord } from '../../../domain/control/control-word.ts';
import type { SubscriberId } from '../../../domain/multiplexing/subscriber-id.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/** What other nodes say. A word that a listener has nothing to do with is absent in it. */
export interface FleetListener {
  /** Somebody wants a stream ended that may be driven here. */
  onStopAsked?(id: StreamId): void;
  /** The revocation log has grown. */
  onRevoked?(): void;
  /** A subscription is in a new epoch: it was taken back, perhaps from a connection here. */
  onMoved?(id: SubscriberId, epoch: number): void;
  /** Something of the agents' control plane has changed. */
  onControl?(word: ControlWord): void;
  /** Words may have been lost: look at everything that they would have told. */
  onMissed(): void;
}

/**
 * Carries words between the nodes of a fleet without delay. It may lose and double them, never invent them: whoever
 * depends on one looks at the store now and then as well. Telling never blocks and never throws. A node hears its own
 * words too, all of them and at once.
 */
export interface FleetBus {
  /** Whether a word said now would reach the others. A node that is alone is always connected. */
  readonly isConnected: boolean;
  askToStop(id: StreamId): void;
  tellRevoked(): void;
  tellMoved(id: SubscriberId, epoch: number): void;
  tellControl(word: ControlWord): void;
  /** Listens until the returned function is called. */
  listen(listener: FleetListener): () => void;
}
