import type { Watched } from '../../../../domain/multiplexing/idle-wheel.ts';
import type { InUse } from './credentials-in-use.ts';
import type { Handled } from './handle-table.ts';

/**
 * What others keep of a session, in the session itself: an object of each of them for each session would take more than
 * the session.
 */
export class KeptOfSession<Self> implements Handled, Watched<Self> {
  /** Its handle; that of the connection until it has one of its own. */
  high = 0;
  low = 0;
  /** When DATA or an EVENT went last, in unix milliseconds. */
  usedAtMs: number;
  wheelSlot: number | undefined;
  wheelNext: Self | undefined;
  wheelPrevious: Self | undefined;
  /** The step in which its credential expires, as whoever watches over it counts them; undefined when it does not. */
  expiryStep: number | undefined;
  /** Where it stands among what its credential holds open, as whoever watches over that keeps it. */
  inUse: InUse<unknown> | undefined;

  constructor(nowMs: number) {
    this.usedAtMs = nowMs;
  }
}
