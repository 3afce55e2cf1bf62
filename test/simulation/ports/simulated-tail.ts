import type { LiveTail, TailListener } from '../../../src/application/ports/streaming/live-tail.ts';
import type { StreamId } from '../../../src/domain/streaming/stream-id.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';
import type { VirtualTime } from '../world/virtual-time.ts';

/** How soon a reader of another node is told that something of his tail was lost, at the longest, in milliseconds. */
const MISSED_WITHIN_MS = 1_000;
/** After so long a silence it is told again, in milliseconds: the look may have failed, and the last word been lost. */
const TOLD_AGAIN_MS = 5_000;
/** How long words take between nodes, at the longest, in milliseconds. */
const LONGEST_WAY_MS = 400;

interface Subscription {
  readonly process: SimulatedProcess;
  readonly id: StreamId;
  readonly listener: TailListener;
  /** Until when what was sent to it is on its way: nothing overtakes what is before it. */
  busyUntilMs: number;
  /** How often something was published for it, whether it was lost or not. */
  published: number;
}

/**
 * The live tail of a fleet: at once on the node that publishes, later on others, in the order of publishing, and with
 * losses that the others are told of soon after.
 */
export class SimulatedTail {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #subscriptions = new Set<Subscription>();
  /** How likely a message between nodes is lost. */
  losses = 0;

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  /** The tail as one process has it. */
  of(process: SimulatedProcess): LiveTail {
    return {
      publish: (id, events) => this.#tell(process, id, (listener) => listener.onEvents(events)),
      disconnect: (id) => this.#tell(process, id, (listener) => listener.onDisconnected()),
      subscribe: (id, listener) => this.#subscribe({ process, id, listener, busyUntilMs: 0, published: 0 }),
    };
  }

  #subscribe(subscription: Subscription): () => void {
    this.#subscriptions.add(subscription);
    subscription.process.onDeath(() => this.#subscriptions.delete(subscription));
    // What was published until the others knew of it is missed.
    this.#missed(subscription);
    return () => {
      this.#subscriptions.delete(subscription);
    };
  }

  #tell(from: SimulatedProcess, id: StreamId, tell: (listener: TailListener) => void): void {
    for (const subscription of [...this.#subscriptions]) {
      if (subscription.id !== id) continue;
      subscription.published += 1;
      if (subscription.process === from) tell(subscription.listener);
      else if (this.#random.chance(this.losses)) this.#missed(subscription);
      else this.#send(subscription, this.#random.whole(0, LONGEST_WAY_MS), tell);
    }
  }

  #missed(subscription: Subscription): void {
    const { published } = subscription;
    this.#send(subscription, this.#random.whole(1, MISSED_WITHIN_MS), (listener) => {
      listener.onMissed();
      subscription.process.after(TOLD_AGAIN_MS, () => {
        if (this.#subscriptions.has(subscription) && subscription.published === published)
          this.#missed(subscription);
      });
    });
  }

  #send(subscription: Subscription, afterMs: number, tell: (listener: TailListener) => void): void {
    const atMs = Math.max(subscription.busyUntilMs, this.#time.nowMs + afterMs);
    subscription.busyUntilMs = atMs;
    subscription.process.after(atMs - this.#time.nowMs, () => {
      if (this.#subscriptions.has(subscription)) tell(subscription.listener);
    });
  }
}
