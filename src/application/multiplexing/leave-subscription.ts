import type { Fence } from '../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import { changeSubscriber, type SubscriberDeps } from './subscriber-changes.ts';

/** Tells the directory that a connection has gone, so that the lease runs from now. */
export class LeaveSubscription {
  readonly #deps: SubscriberDeps;

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
  }

  /**
   * Idempotent. `isHeard`: the connection's client was heard in this epoch, so that the token which it came with is spent
   * also when nobody has been told before. `not-held`: another has it, or it is over; nothing is written then. `released` are the owner's
   * subscriptions that were left longest ago and had to go, because he has too many of them.
   *
   * @throws PortError of the directory.
   */
  async execute(command: {
    readonly id: SubscriberId;
    readonly fence: Fence;
    readonly isHeard?: boolean;
  }): Promise<{ readonly kind: 'left' | 'not-held'; readonly released: readonly SubscriberState[] }> {
    const { outcome, released } = await changeSubscriber(
      this.#deps,
      command.id,
      (present, to) => {
        const next = present?.detach(command.fence, to, command.isHeard);
        return { next, outcome: next === undefined ? ('not-held' as const) : ('left' as const) };
      },
      { byHolder: true },
    );
    return { kind: outcome, released };
  }
}
