import type { Fence } from '../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import { changeSubscriber, type SubscriberDeps } from './subscriber-changes.ts';

/** Tells the directory that a holder's client has been heard, so that the token which it came with is spent. */
export class ConfirmSubscription {
  readonly #deps: SubscriberDeps;

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
  }

  /**
   * To be awaited before the first frame of an epoch is acted on. `not-held`: another has it, and the frame is not to be
   * heard. Idempotent.
   *
   * @throws PortError of the directory.
   */
  async execute(command: {
    readonly id: SubscriberId;
    readonly fence: Fence;
  }): Promise<'confirmed' | 'not-held'> {
    const { outcome } = await changeSubscriber(
      this.#deps,
      command.id,
      (present, to) => {
        const next = present?.confirm(command.fence, to);
        return { next, outcome: next === undefined ? ('not-held' as const) : ('confirmed' as const) };
      },
      { byHolder: true },
    );
    return outcome;
  }
}
