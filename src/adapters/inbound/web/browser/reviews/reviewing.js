import { announce, warn } from '../dom/announcer.js';
import { openTabChannel } from '../platform/tab-channel.js';
import { browserTimers } from '../platform/timers.js';
import { sentenceOf } from '../text/sentences.js';
import { ReviewsView } from '../views/reviews-view.js';
import { isReviewer } from './is-reviewer.js';
import { ReviewFeed } from './review-feed.js';
import { askedWords, decidedWords } from './review-words.js';

/** What a reviewer's page knows of reviews, whatever it shows. */
export class Reviewing {
  #deps;
  #feed;
  /** @type {ReviewsView | undefined} */
  #view;

  /**
   * @param {object} deps
   * @param {import('../platform/api-client.js').ApiClient} deps.api
   * @param {import('../platform/api-client.js').User} deps.user
   * @param {{ showReviews(count: number): void }} deps.shell
   * @returns {Reviewing | undefined} undefined for who decides nothing
   */
  static of(deps) {
    return isReviewer(deps.user) ? new Reviewing(deps) : undefined;
  }

  /**
   * @param {object} deps
   * @param {import('../platform/api-client.js').ApiClient} deps.api
   * @param {import('../platform/api-client.js').User} deps.user
   * @param {{ showReviews(count: number): void }} deps.shell
   */
  constructor(deps) {
    this.#deps = deps;
    this.#feed = new ReviewFeed({
      api: deps.api,
      timers: browserTimers,
      locks: navigator.locks,
      openChannel: openTabChannel,
      onChange: () => {
        deps.shell.showReviews(this.#feed.open.length);
        this.#view?.update();
      },
      onAsked: (review) => announce(askedWords(review)),
      onDecided: (review) => {
        announce(decidedWords(review, deps.user.id));
        this.#view?.showDecided(review);
      },
      onProblem: (error) => (this.#view === undefined ? undefined : warn(sentenceOf(error))),
    });
  }

  /** The view of the reviews. @param {HTMLElement} opener */
  view(opener) {
    const view = new ReviewsView({
      api: this.#deps.api,
      user: this.#deps.user,
      feed: this.#feed,
      nowMs: browserTimers.nowMs,
      opener,
      onClose: () => {
        if (this.#view === view) this.#view = undefined;
      },
    });
    this.#view = view;
    return view;
  }

  close() {
    this.#feed.close();
  }
}
