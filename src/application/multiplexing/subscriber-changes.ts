import { DomainError } from '../../domain/domain-error.ts';
import { Subscriber, type Transition } from '../../domain/multiplexing/subscriber.ts';
import { SUBSCRIBER_BOUNDS, type SubscriberBounds } from '../../domain/multiplexing/subscriber-bounds.ts';
import { realmOf, type SubscriberId, type SubscriberRealm } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../ports/port-error.ts';
import type { KnownSubscribers } from './known-subscribers.ts';

/** How often a change is decided anew because another came first. */
export const MAX_DECISIONS = 64;

/** What changes of subscriptions need. */
export interface SubscriberDeps {
  readonly directory: SubscriberDirectory;
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'uuid' | 'secret'>;
  readonly bounds?: Readonly<Record<SubscriberRealm, SubscriberBounds>>;
  /** What this process stored last. */
  readonly known?: KnownSubscribers;
}

/** How a change is decided. */
interface ChangeOptions {
  /**
   * Whoever holds it changes it, within his epoch: that may be decided by what this process stored last, since it is
   * stored only where that is the latest.
   */
  readonly byHolder?: boolean;
}

/** What was decided of a subscription: what it becomes, or undefined when it stays as it is; and what to tell of that. */
export interface Decision<Outcome> {
  readonly next: Subscriber | undefined;
  readonly outcome: Outcome;
}

/**
 * Decides on the latest state and stores what comes of it; when another was first, decides anew. Two that race so never
 * both go by the same state.
 *
 * @throws whatever `decide` refuses with; DomainError `subscriber.limit_reached` when the owner has too many;
 *   PortError `conflict` when others were first all the time.
 */
export async function changeSubscriber<Outcome>(
  { directory, clock, ids, bounds = SUBSCRIBER_BOUNDS, known }: SubscriberDeps,
  id: SubscriberId,
  decide: (present: Subscriber | undefined, to: Transition) => Decision<Outcome>,
  { byHolder = false }: ChangeOptions = {},
): Promise<{ readonly outcome: Outcome; readonly released: readonly SubscriberState[] }> {
  for (let decision = 0; decision < MAX_DECISIONS; decision += 1) {
    const remembered = byHolder ? known?.find(id) : undefined;
    // Whatever comes of it now, a second look is one into the directory.
    known?.drop(id);
    const found = remembered ?? (await directory.find(id));
    const present = found && Subscriber.restore(found);
    const { next, outcome } = decide(present, { nowMs: clock.nowMs(), mark: ids.uuid() });
    if (next === undefined || next === present) {
      // That there is nothing to do is not for what is remembered to say.
      if (remembered !== undefined) continue;
      return { outcome, released: [] };
    }
    const condition = { expected: found?.mark, bounds: bounds[realmOf(id)] };
    const put = await directory.put(next.snapshot(), condition);
    if (put.kind === 'stored') {
      known?.stored(next.snapshot());
      for (const released of put.released) known?.drop(released.id);
      return { outcome, released: put.released };
    }
    if (put.kind === 'limit-reached') {
      throw new DomainError('subscriber.limit_reached', 'You have as many sessions as you may have');
    }
  }
  throw new PortError('conflict', 'store', 'others changed the subscription at the same time');
}
