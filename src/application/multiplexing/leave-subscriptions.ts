import { type Fence, Subscriber } from '../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import { changeSubscribers, type SubscriberDeps } from './subscriber-changes.ts';

/** A subscription whose connection has gone. */
export interface Left {
  readonly id: SubscriberId;
  readonly fence: Fence;
  /** Whether the connection's client was heard in this epoch, so that the token which it came with is spent. */
  readonly isHeard: boolean;
}

/** Tells the directory of many connections that have gone, or one with many sessions, in one write where it can. */
export class LeaveSubscriptions {
  readonly #deps: SubscriberDeps;

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
  }

  /**
   * As `LeaveSubscription` does it for one. Idempotent: of a subscription that another has, or that is over, nothing is
   * written. For at most some hundred.
   *
   * @throws PortError of the directory; some may have been left.
   */
  async execute({ left }: { readonly left: readonly Left[] }): Promise<void> {
    const byId = new Map<SubscriberId, Left>();
    // Of one that came back and went again meanwhile, what was before is no more.
    for (const one of left.toSorted((a, b) => a.fence.epoch - b.fence.epoch)) byId.set(one.id, one);
    const found = await this.#find(byId);
    await changeSubscribers(this.#deps, found, (present, to) => {
      const { fence, isHeard } = byId.get(present.snapshot().id) as Left;
      return present.detach(fence, to, isHeard);
    });
  }

  /** What is remembered is asked only where something is to be done by it. */
  async #find(left: ReadonlyMap<SubscriberId, Left>): Promise<readonly SubscriberState[]> {
    const { directory, known } = this.#deps;
    const found: SubscriberState[] = [];
    const unknown: SubscriberId[] = [];
    for (const { id, fence } of left.values()) {
      const remembered = known?.find(id);
      known?.drop(id);
      if (remembered !== undefined && Subscriber.restore(remembered).isHeldBy(fence)) found.push(remembered);
      else unknown.push(id);
    }
    return unknown.length === 0 ? found : [...found, ...(await directory.findAll(unknown))];
  }
}
