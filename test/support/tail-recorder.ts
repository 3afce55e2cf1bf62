import type { TailListener } from '../../src/application/ports/streaming/live-tail.ts';
import type { StreamEvent } from '../../src/domain/streaming/stream-event.ts';

/** A reader that remembers what a live tail tells it. */
export class TailRecorder implements TailListener {
  readonly events: StreamEvent[] = [];
  disconnections = 0;
  /** How often it was told that it may have missed something. */
  misses = 0;

  onEvents(events: readonly StreamEvent[]): void {
    this.events.push(...events);
  }

  onDisconnected(): void {
    this.disconnections += 1;
  }

  onMissed(): void {
    this.misses += 1;
  }
}
