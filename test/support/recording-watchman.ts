import type { Watchman } from '../../src/application/ports/alerts/watchman.ts';
import type { Noticed } from '../../src/domain/alerts/alert-counts.ts';

/** Keeps what is noticed, in order, for a test to read. */
export class RecordingWatchman implements Watchman {
  readonly noticed: Noticed[] = [];

  notice(noticed: Noticed): void {
    this.noticed.push(noticed);
  }
}
