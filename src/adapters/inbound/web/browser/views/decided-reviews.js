import { el, show, write } from '../dom/element.js';
import { askerOf, oneLine, outcomeWords, wishOf } from '../reviews/review-words.js';
import { visibleText } from '../text/foreign-text.js';
import { sentenceOf } from '../text/sentences.js';

/** @import { Review } from '../reviews/review-feed.js' */

/** Reviews that are fetched at a time. */
const PAGE = 20;

/** The reviews that are decided, newest first. */
export class DecidedReviews {
  #deps;
  #list = el('ul', { class: 'decided' });
  #problem = el('p', { class: 'problem', role: 'alert' });
  #empty = el('p', { class: 'quiet', hidden: true }, 'Nothing has been decided yet.');
  #older = el(
    'button',
    { type: 'button', class: 'link', hidden: true, click: () => void this.#loadOlder() },
    'Older decisions',
  );
  #seen = new Set();
  #next = '';
  root = el(
    'section',
    { class: 'card', 'aria-labelledby': 'decided-title' },
    el('h2', { id: 'decided-title' }, 'Decided'),
    this.#problem,
    this.#list,
    this.#empty,
    this.#older,
  );

  /** @param {{ api: import('../platform/api-client.js').ApiClient, userId: string }} deps */
  constructor(deps) {
    this.#deps = deps;
  }

  /** Fetches the newest. */
  async load() {
    await this.#fetch('');
  }

  /** A review is decided just now. @param {Review} review */
  add(review) {
    if (this.#seen.has(review.id)) return;
    this.#seen.add(review.id);
    this.#list.prepend(this.#row(review));
    show(this.#empty, false);
  }

  async #loadOlder() {
    await this.#fetch(`&after=${encodeURIComponent(this.#next)}`);
  }

  /** @param {string} after */
  async #fetch(after) {
    try {
      const { reviews, next = '' } = await this.#deps.api.call('GET', `/api/reviews?limit=${PAGE}${after}`);
      write(this.#problem, '');
      for (const review of reviews) {
        if (review.status === 'pending' || this.#seen.has(review.id)) continue;
        this.#seen.add(review.id);
        this.#list.append(this.#row(review));
      }
      this.#next = next;
      show(this.#older, next !== '');
      show(this.#empty, this.#seen.size === 0 && next === '');
    } catch (error) {
      write(this.#problem, sentenceOf(error));
    }
  }

  /** @param {Review} review */
  #row(review) {
    const { comment = '' } = review;
    const wish = review.event === undefined ? oneLine(review.finding) : wishOf(review);
    return el(
      'li',
      {},
      el('p', {}, el('bdi', {}, askerOf(review)), ': ', el('bdi', {}, wish)),
      el('p', { class: 'quiet' }, outcomeWords(review, this.#deps.userId)),
      comment === '' ? undefined : el('p', { class: 'comment', dir: 'auto' }, visibleText(comment)),
    );
  }
}
