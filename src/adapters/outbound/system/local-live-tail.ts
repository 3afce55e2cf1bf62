import type { LiveTail, TailListener } from '../../../application/ports/streaming/live-tail.ts';
import type { StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/** Carries events between writers and readers of one process. */
export class LocalLiveTail implements LiveTail {
  readonly #listeners = new Map<StreamId, Set<TailListener>>();

  publish(id: StreamId, events: readonly StreamEvent[]): void {
    const listeners = this.#listeners.get(id);
    if (listeners === undefined) return;
    for (const listener of listeners) listener.onEvents(events);
  }

  disconnect(id: StreamId): void {
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener.onDisconnected();
  }

  subscribe(id: StreamId, listener: TailListener): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(id, listeners);
    return () => {
      if (listeners.delete(listener) && listeners.size === 0 && this.#listeners.get(id) === listeners) {
        this.#listeners.delete(id);
      }
    };
  }
}
