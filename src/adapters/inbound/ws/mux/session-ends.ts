import type { EndSubscription } from '../../../../application/multiplexing/end-subscription.ts';
import type { LeaveSubscription } from '../../../../application/multiplexing/leave-subscription.ts';
import type { Log } from '../../../../application/ports/log.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import type { Fence } from '../../../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';

/** How often the directory is told that a session has been left or ended, while it is out of reach. */
const MAX_TELLINGS = 5;
/** Pause before it is told again, in milliseconds, doubled each time. */
const TELL_AGAIN_MS = 500;

interface Deps {
  readonly leave: LeaveSubscription;
  readonly end: EndSubscription;
  readonly timers: Timers;
  readonly log: Log;
}

/** A session that is not open any more on the connection that held it. */
interface Over {
  readonly id: SubscriberId;
  readonly fence: Fence;
}

/** Tells the directory what became of sessions that are over here. */
export class SessionEnds {
  readonly #deps: Deps;
  readonly #telling = new Set<Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Its connection has gone, and it can be taken back. */
  left(left: Over & { readonly isHeard: boolean }): void {
    this.#tell(() => this.#deps.leave.execute(left));
  }

  /** It is over for good. */
  ended(ended: Over): void {
    this.#tell(() => this.#deps.end.execute(ended));
  }

  /** Resolves when the directory knows everything, or has not been there for too long. */
  async settled(): Promise<void> {
    await Promise.all(this.#telling);
  }

  #tell(act: () => Promise<unknown>): void {
    const telling = this.#untilHeard(act);
    this.#telling.add(telling);
    void telling.finally(() => this.#telling.delete(telling));
  }

  async #untilHeard(act: () => Promise<unknown>): Promise<void> {
    const { timers, log } = this.#deps;
    for (let telling = 1; ; telling += 1) {
      try {
        await act();
        return;
      } catch (error) {
        // The owner can take it back all the same; only its lease does not begin to run.
        if (telling === MAX_TELLINGS) log.warn({ err: error }, 'the end of a session could not be stored');
        if (telling === MAX_TELLINGS) return;
        await timers.sleep(TELL_AGAIN_MS * 2 ** telling);
      }
    }
  }
}
