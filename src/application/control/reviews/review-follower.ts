import type { AgentEventState, ReviewId } from '../../../domain/control/agent-event-state.ts';

/** Most reviews that wait for a slow follower; with more he is told to look for himself. */
const MAX_WAITING = 200;

/** What a follower of reviews is told. `missed`: more has happened than is told, so look at the reviews anew. */
export type ReviewNews =
  | { readonly kind: 'review'; readonly event: AgentEventState }
  | { readonly kind: 'missed' };

/** Somebody who follows reviews at his own pace. Of a review that changes while he is slow he hears the latest state alone. */
export class ReviewFollower {
  readonly #waiting = new Map<ReviewId | 'missed', ReviewNews>();
  readonly #onClose: () => void;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  /** Takes news for him. */
  offer(news: ReviewNews): void {
    if (news.kind === 'missed' || this.#waiting.size >= MAX_WAITING) {
      this.#waiting.clear();
      this.#waiting.set('missed', { kind: 'missed' });
    }
    if (news.kind === 'review' && news.event.review !== undefined) {
      this.#waiting.set(news.event.review.id, news);
    }
    this.#wake?.();
  }

  /** Everything that is new, as soon as there is something; undefined once he follows no more. For one caller at a time. */
  async next(): Promise<readonly ReviewNews[] | undefined> {
    while (this.#waiting.size === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isClosed) return undefined;
    const news = [...this.#waiting.values()];
    this.#waiting.clear();
    return news;
  }

  /** He follows no more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#wake?.();
  }
}
