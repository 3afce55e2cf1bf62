import type { AgentEventState, ReviewId, ReviewStatus } from '../../../domain/control/agent-event-state.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { AgentEventStore } from '../../ports/control/agent-event-store.ts';
import type { FleetBus } from '../../ports/fleet/fleet-bus.ts';
import type { Log } from '../../ports/log.ts';
import type { Timers } from '../../ports/timers.ts';
import { ReviewFollower, type ReviewNews } from './review-follower.ts';

/** How often the store is looked into where words may be missed, in milliseconds. */
export const LOOK_AT_REVIEWS_MS = 2_000;
/** Most followers on one node, and most of one person. */
export const MAX_REVIEW_FOLLOWERS = 256;
export const MAX_REVIEW_FOLLOWERS_OF_ONE = 16;
/** Most reviews that are to be looked up; with more, followers are told to look for themselves. */
const MAX_TOLD_IDS = 500;
/** Open reviews that a look compares, and most bytes of their events. */
const LOOK_REVIEWS = 100;
const LOOK_BYTES = 4_194_304;

interface Deps {
  readonly store: Pick<AgentEventStore, 'findByReview' | 'list'>;
  readonly bus: Pick<FleetBus, 'isConnected' | 'listen'>;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Tells followers of reviews as they are asked for and decided, on whichever node. The bus says when to look; where it is
 * not connected the store is looked into every two seconds, once for all followers of this node.
 */
export class FollowReviews {
  readonly #deps: Deps;
  readonly #followers = new Map<ReviewFollower, UserId>();
  readonly #told = new Set<ReviewId>();
  #isLooking = false;
  #open: ReadonlyMap<ReviewId, ReviewStatus> | undefined;
  #isBehind = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Follows from now on: whoever lists the reviews after this misses nothing.
   *
   * @throws DomainError `stream.limit_reached` when too many follow here, or this person does too often.
   */
  follow(person: UserId): ReviewFollower {
    const own = [...this.#followers.values()].filter((other) => other === person).length;
    if (this.#followers.size >= MAX_REVIEW_FOLLOWERS || own >= MAX_REVIEW_FOLLOWERS_OF_ONE) {
      throw new DomainError('stream.limit_reached', 'Too many follow the reviews already');
    }
    const follower = new ReviewFollower(() => {
      this.#followers.delete(follower);
      // What was seen is of no use to whoever comes first again.
      if (this.#followers.size === 0) this.#open = undefined;
    });
    this.#followers.set(follower, person);
    return follower;
  }

  /** Hears of reviews until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { bus, timers } = this.#deps;
    const silence = bus.listen({
      onControl: (word) => word.kind === 'review' && this.#onWord(word.id),
      onMissed: () => this.#publish({ kind: 'missed' }),
    });
    while (!signal.aborted) {
      if (bus.isConnected && !this.#isBehind) this.#open = undefined;
      else if (this.#followers.size > 0) await this.#compare();
      await timers.sleep(LOOK_AT_REVIEWS_MS, signal).catch(() => undefined);
    }
    silence();
    for (const follower of [...this.#followers.keys()]) follower.close();
  }

  /** Other nodes are gone, perhaps after a write and before its word: followers are to look for themselves. */
  nodesGone(): void {
    this.#publish({ kind: 'missed' });
  }

  #onWord(id: ReviewId): void {
    if (this.#followers.size === 0) return;
    this.#told.add(id);
    if (this.#told.size > MAX_TOLD_IDS) {
      this.#told.clear();
      this.#publish({ kind: 'missed' });
    }
    if (!this.#isLooking) void this.#lookUp();
  }

  /** One after the other, so that of two words about one review the later one is told last. */
  async #lookUp(): Promise<void> {
    this.#isLooking = true;
    for (const id of this.#told) {
      this.#told.delete(id);
      await this.#tell(id).catch((error: unknown) => this.#fellBehind(error));
    }
    // In the same turn as the last look at what was told: a word in between would wait for the next one.
    this.#isLooking = false;
  }

  async #tell(id: ReviewId): Promise<void> {
    const event = await this.#deps.store.findByReview(id);
    if (event !== undefined) this.#publish({ kind: 'review', event });
  }

  /** What is open now, against what was: the difference is news. */
  async #compare(): Promise<void> {
    try {
      const found = await this.#deps.store.list({
        reviewed: { status: 'pending' },
        order: 'newest-first',
        limit: LOOK_REVIEWS,
        maxBytes: LOOK_BYTES,
      });
      const before = this.#open;
      this.#open = new Map(found.flatMap(({ review }) => (review ? [[review.id, review.status]] : [])));
      // A first look says what is there and not what has changed, and more may be open than was looked at.
      if (before === undefined || this.#isBehind || found.length === LOOK_REVIEWS) {
        this.#isBehind = false;
        this.#publish({ kind: 'missed' });
        return;
      }
      for (const event of found) if (isNew(event, before)) this.#publish({ kind: 'review', event });
      for (const id of before.keys()) if (!this.#open.has(id)) await this.#tell(id);
    } catch (error) {
      this.#fellBehind(error);
    }
  }

  #fellBehind(error: unknown): void {
    if (!this.#isBehind) this.#deps.log.warn({ err: error }, 'reviews could not be looked up');
    this.#isBehind = true;
  }

  #publish(news: ReviewNews): void {
    for (const follower of this.#followers.keys()) follower.offer(news);
  }
}

const isNew = ({ review }: AgentEventState, before: ReadonlyMap<ReviewId, ReviewStatus>): boolean =>
  review !== undefined && !before.has(review.id);
