import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import { Subscriber, type Transition } from '../../domain/multiplexing/subscriber.ts';
import { SUBSCRIBER_BOUNDS, type SubscriberBounds } from '../../domain/multiplexing/subscriber-bounds.ts';
import { realmOf, type SubscriberId, type SubscriberRealm } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';
import { CHANGE_WITHIN_MS, type ChangeTurns, othersWereFirst } from './change-turns.ts';
import type { KnownSubscribers } from './known-subscribers.ts';

/** How often a change is decided at most, because others came first. */
export const MAX_DECISIONS = 64;

/** What changes of subscriptions need. */
export interface SubscriberDeps {
  readonly directory: SubscriberDirectory;
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'uuid' | 'secret'>;
  readonly bounds?: Readonly<Record<SubscriberRealm, SubscriberBounds>>;
  /** What this process stored last. */
  readonly known?: KnownSubscribers;
  /** Lets those of this process that change the same subscription do so one after the other; without it they race. */
  readonly turns?: ChangeTurns;
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
  /** Stored with what it becomes, and not without. */
  readonly audit?: readonly AuditRecord[];
}

/** What came of one try: done, or others were first, or are. */
type Tried<Out> = { readonly done: Out } | 'outdated';

/**
 * Tries until nobody else is first: at once, then in turn with the others of this process, with a rest before each try
 * that meets one of another process. `tryOnce` is told whether it may store what it decides; when not, it decides and
 * comes again, so that what is refused is refused without a wait.
 *
 * @throws PortError `conflict` when others were first all the time, within `CHANGE_WITHIN_MS`.
 */
export async function untilFirst<Out>(
  { clock, turns }: Pick<SubscriberDeps, 'clock' | 'turns'>,
  id: SubscriberId,
  tryOnce: (mayStore: () => boolean) => Promise<Tried<Out>>,
): Promise<Out> {
  const untilMs = clock.nowMs() + CHANGE_WITHIN_MS;
  let passOn: (() => void) | undefined;
  const mayStore = (): boolean => passOn !== undefined || turns === undefined || !turns.isTaken(id);
  try {
    for (let decision = 1; decision <= MAX_DECISIONS; decision += 1) {
      const tried = await tryOnce(mayStore);
      if (tried !== 'outdated') return tried.done;
      if (clock.nowMs() >= untilMs) break;
      if (passOn === undefined) passOn = await turns?.take(id, untilMs);
      else await turns?.rest(decision);
    }
  } finally {
    passOn?.();
  }
  throw othersWereFirst();
}

/**
 * Decides on the latest state and stores what comes of it; when another was first, decides anew. Two that race so never
 * both go by the same state.
 *
 * @throws whatever `decide` refuses with; DomainError `subscriber.limit_reached` when the owner has too many;
 *   PortError `conflict` when others were first all the time.
 */
export function changeSubscriber<Outcome>(
  deps: SubscriberDeps,
  id: SubscriberId,
  decide: (present: Subscriber | undefined, to: Transition) => Decision<Outcome>,
  { byHolder = false }: ChangeOptions = {},
): Promise<{ readonly outcome: Outcome; readonly released: readonly SubscriberState[] }> {
  const { directory, clock, ids, bounds = SUBSCRIBER_BOUNDS, known } = deps;
  const decideOn = (found: SubscriberState | undefined) => {
    const { next, outcome, audit } = decide(found && Subscriber.restore(found), {
      nowMs: clock.nowMs(),
      mark: ids.uuid(),
    });
    const state = next?.snapshot();
    return { found, state: state === found ? undefined : state, outcome, audit };
  };
  return untilFirst(deps, id, async (mayStore) => {
    const remembered = byHolder ? known?.find(id) : undefined;
    // Whatever comes of it now, a second look is one into the directory.
    known?.drop(id);
    let decided = decideOn(remembered ?? (await directory.find(id)));
    // That there is nothing to do is not for what is remembered to say.
    if (remembered !== undefined && decided.state === undefined) decided = decideOn(await directory.find(id));
    const { found, state, outcome, audit } = decided;
    if (state === undefined) return { done: { outcome, released: [] } };
    if (!mayStore()) return 'outdated';
    const put = await directory.put(state, { expected: found?.mark, bounds: bounds[realmOf(id)] }, audit);
    if (put.kind === 'outdated') return 'outdated';
    if (put.kind === 'limit-reached') {
      throw new DomainError('subscriber.limit_reached', 'You have as many sessions as you may have');
    }
    known?.stored(state);
    for (const released of put.released) known?.drop(released.id);
    return { done: { outcome, released: put.released } };
  });
}

/**
 * Decides on each of some states that were found, and stores together what comes of them; what another has changed
 * meanwhile is decided anew, one after the other. `decide` returns undefined where nothing is to change.
 *
 * @param found each of another subscription; at most some hundred.
 * @throws PortError of the directory; some may have been changed.
 */
export async function changeSubscribers(
  deps: SubscriberDeps,
  found: readonly SubscriberState[],
  decide: (present: Subscriber, to: Transition) => Subscriber | undefined,
): Promise<void> {
  const { directory, clock, ids, bounds = SUBSCRIBER_BOUNDS, known } = deps;
  const replacements = found.flatMap((state) => {
    const next = decide(Subscriber.restore(state), { nowMs: clock.nowMs(), mark: ids.uuid() })?.snapshot();
    known?.drop(state.id);
    return next === undefined ? [] : [{ next, expected: state.mark }];
  });
  const { stored, released } = await directory.replaceAll(replacements, bounds);
  for (const { next } of replacements) if (stored.has(next.id)) known?.stored(next);
  for (const { id } of released) known?.drop(id);
  for (const { next } of replacements) {
    if (stored.has(next.id)) continue;
    await changeSubscriber(deps, next.id, (present, to) => ({
      next: present && decide(present, to),
      outcome: undefined,
    }));
  }
}
