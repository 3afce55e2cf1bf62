import type { FleetBus, FleetListener } from '../../../../application/ports/fleet/fleet-bus.ts';
import type { ControlWord } from '../../../../domain/control/control-word.ts';
import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';

/** Carries words between the nodes of one process, which share one of these; a node that is alone hears itself. */
export class MemoryFleetBus implements FleetBus {
  readonly isConnected = true;
  readonly #listeners = new Set<FleetListener>();

  askToStop(id: StreamId): void {
    for (const listener of [...this.#listeners]) listener.onStopAsked?.(id);
  }

  tellRevoked(): void {
    for (const listener of [...this.#listeners]) listener.onRevoked?.();
  }

  tellMoved(id: SubscriberId, epoch: number): void {
    for (const listener of [...this.#listeners]) listener.onMoved?.(id, epoch);
  }

  tellControl(word: ControlWord): void {
    for (const listener of [...this.#listeners]) listener.onControl?.(word);
  }

  listen(listener: FleetListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
