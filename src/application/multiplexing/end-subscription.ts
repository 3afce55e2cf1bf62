import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { type Fence, Subscriber } from '../../domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import { type SubscriberDeps, untilFirst } from './subscriber-changes.ts';

type EndDeps = Pick<SubscriberDeps, 'directory' | 'clock' | 'ids' | 'turns'>;

/** Ends a subscription for good: its client closed it, an operator ended it, or what is behind it is gone. */
export class EndSubscription {
  readonly #deps: EndDeps;

  constructor(deps: EndDeps) {
    this.#deps = deps;
  }

  /**
   * @param command.fence the connection whose client closed it; without one it is ended whoever holds it.
   * @returns what was ended, whose holders are to be told; undefined when there is none, or `fence` holds it no more.
   * @throws PortError of the directory.
   */
  async execute(command: {
    readonly id: SubscriberId;
    readonly fence?: Fence;
    readonly audit?: readonly AuditRecord[];
  }): Promise<SubscriberState | undefined> {
    const { directory, clock, ids } = this.#deps;
    return untilFirst(this.#deps, command.id, async (mayStore) => {
      const found = await directory.find(command.id);
      const to = { nowMs: clock.nowMs(), mark: ids.uuid() };
      const ended = found && Subscriber.restore(found).release(to, command.fence);
      if (found === undefined || ended === undefined) return { done: undefined };
      const isFirst = mayStore() && (await directory.remove(command.id, found.mark, command.audit));
      return isFirst ? { done: ended.snapshot() } : 'outdated';
    });
  }
}
