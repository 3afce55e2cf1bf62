import type { EndSubscription } from '../../../../application/multiplexing/end-subscription.ts';
import type { LeaveSubscriptions, Left } from '../../../../application/multiplexing/leave-subscriptions.ts';
import type { Log } from '../../../../application/ports/log.ts';
import type { Timers } from '../../../../application/ports/timers.ts';

/** How often the directory is told that a session has been left or ended, while it is out of reach. */
const MAX_TELLINGS = 5;
/** Pause before it is told again, in milliseconds, doubled each time. */
const TELL_AGAIN_MS = 500;

/** Most writes that are kept for later, when it was out of reach for longer; of more the first is forgotten. */
const MAX_UNTOLD = 500;
/** How often these are tried again, in milliseconds. */
const TELL_LATER_MS = 30_000;

/** Most sessions of which the directory is told in one write, and most such writes that are under way at once. */
export const LEFT_AT_ONCE = 200;
export const MAX_WRITES = 4;

interface Deps {
  readonly leaveAll: LeaveSubscriptions;
  readonly end: EndSubscription;
  readonly timers: Timers;
  readonly log: Log;
}

/** Tells the directory what became of sessions that are over here. Of those that are left at once it is told at once. */
export class SessionEnds {
  readonly #deps: Deps;
  readonly #telling = new Set<Promise<void>>();
  /** What it is to be told next: at most as many as have been open at once, since without it nothing is opened. */
  #left: Left[] = [];
  #writing = 0;
  /** What the directory has not heard while it was waited for. Until it does, nobody's lease begins to run. */
  readonly #untold = new Set<() => Promise<unknown>>();
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #isTrying = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Its connection has gone, and it can be taken back. */
  left(left: Left): void {
    this.#left.push(left);
    if (this.#writing >= MAX_WRITES || this.#left.length > 1) return;
    this.#writing += 1;
    this.#tell(this.#write());
  }

  /** It is over for good. */
  ended(ended: Omit<Left, 'isHeard'>): void {
    this.#tell(this.#untilHeard(() => this.#deps.end.execute(ended)));
  }

  /** Tells the directory what it has not heard, when it is time to try that again. */
  tellLater(nowMs: number): void {
    if (this.#untold.size === 0 || this.#isTrying || nowMs - this.#triedAtMs < TELL_LATER_MS) return;
    this.#triedAtMs = nowMs;
    void this.#tryUntold();
  }

  /** Resolves when the directory knows everything, or has not been there for too long. */
  async settled(): Promise<void> {
    while (this.#telling.size > 0) await Promise.all(this.#telling);
  }

  #tell(telling: Promise<void>): void {
    this.#telling.add(telling);
    void telling.finally(() => this.#telling.delete(telling));
  }

  /** Writes until nothing is left to be told. */
  async #write(): Promise<void> {
    // Whatever closes with a socket, or with a batch of a drain, closes in this turn.
    await Promise.resolve();
    while (this.#left.length > 0) {
      const left = this.#left.splice(0, LEFT_AT_ONCE);
      // Others help while there is more than one write can tell.
      if (this.#left.length > 0 && this.#writing < MAX_WRITES) {
        this.#writing += 1;
        this.#tell(this.#write());
      }
      await this.#untilHeard(() => this.#deps.leaveAll.execute({ left }));
    }
    this.#writing -= 1;
  }

  #keep(act: () => Promise<unknown>): void {
    const [first] = this.#untold.add(act);
    if (this.#untold.size > MAX_UNTOLD && first !== undefined) this.#untold.delete(first);
  }

  async #tryUntold(): Promise<void> {
    this.#isTrying = true;
    try {
      for (let [act] = this.#untold; act !== undefined; [act] = this.#untold) {
        await act();
        this.#untold.delete(act);
      }
    } catch {
      // It is out of reach still.
    } finally {
      this.#isTrying = false;
    }
  }

  async #untilHeard(act: () => Promise<unknown>): Promise<void> {
    const { timers, log } = this.#deps;
    for (let telling = 1; ; telling += 1) {
      try {
        await act();
        return;
      } catch (error) {
        // The owner can take it back all the same; only its lease does not begin to run before that is told.
        if (telling === MAX_TELLINGS) {
          log.warn({ err: error }, 'the end of sessions could not be stored yet');
          this.#keep(act);
          return;
        }
        await timers.sleep(TELL_AGAIN_MS * 2 ** telling);
      }
    }
  }
}
