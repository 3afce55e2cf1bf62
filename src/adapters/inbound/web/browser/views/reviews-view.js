import { announce } from '../dom/announcer.js';
import { el, show, write } from '../dom/element.js';
import { ApiProblem } from '../platform/api-client.js';
import { sentenceOf } from '../text/sentences.js';
import { DecidedReviews } from './decided-reviews.js';
import { PolicyForm } from './policy-form.js';
import { ReviewCard } from './review-card.js';

/** @import { Review, ReviewFeed } from '../reviews/review-feed.js' */

/** A click so soon after the cards have moved was meant for another one, in milliseconds. */
const SETTLE_MS = 600;

/** What agents ask: what is open, what was decided, and by which policy they are asked. */
export class ReviewsView {
  #deps;
  #title = el('h1', { tabindex: '-1' }, 'Reviews');
  #openTitle = el('h2', { id: 'open-title', tabindex: '-1' }, 'Waiting for a decision');
  #waiting = el('div', { class: 'cards' });
  #empty = el(
    'p',
    { class: 'quiet', hidden: true },
    'Nothing waits. What agents ask appears here as they ask it.',
  );
  #loading = el('p', { class: 'quiet' }, 'Looking …');
  #notice = el('p', { class: 'notice', role: 'status', hidden: true });
  #decided;
  #policy;
  /** @type {Map<string, ReviewCard>} */
  #cards = new Map();
  #movedAtMs = 0;
  /** Where the page shows it. */
  address = '#/reviews';
  root;

  /**
   * @param {object} deps
   * @param {import('../platform/api-client.js').ApiClient} deps.api
   * @param {import('../platform/api-client.js').User} deps.user
   * @param {ReviewFeed} deps.feed
   * @param {() => number} deps.nowMs
   * @param {HTMLElement} deps.opener the button that opens the list of chats where the screen is narrow
   * @param {() => void} deps.onClose
   */
  constructor(deps) {
    this.#deps = deps;
    const { api, user, opener } = deps;
    this.#decided = new DecidedReviews({ api, userId: user.id });
    this.#policy = new PolicyForm({ api, mayChange: user.role === 'admin' });
    this.root = el(
      'main',
      { id: 'main', class: 'account reviews' },
      el('header', { class: 'bar' }, opener, this.#title),
      el(
        'div',
        { class: 'column' },
        this.#notice,
        el(
          'section',
          { 'aria-labelledby': 'open-title' },
          this.#openTitle,
          this.#loading,
          this.#empty,
          this.#waiting,
        ),
        this.#decided.root,
        this.#policy.root,
      ),
    );
    this.update();
    void this.#decided.load();
    void this.#policy.load();
  }

  focus() {
    this.#title.focus();
  }

  close() {
    this.#deps.onClose();
  }

  /** Draws what is open: cards come and go, and those that stay keep what was typed into them. */
  update() {
    const { feed, nowMs } = this.#deps;
    const open = feed.open;
    const ids = new Set(open.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (ids.has(id)) continue;
      this.#cards.delete(id);
      this.#movedAtMs = nowMs();
      this.#leave(card);
    }
    for (const [index, review] of open.entries()) {
      if (this.#cards.has(review.id)) continue;
      const card = this.#card(review);
      this.#cards.set(review.id, card);
      this.#waiting.insertBefore(card.root, this.#waiting.children[index] ?? null);
    }
    show(this.#loading, !feed.isKnown);
    show(this.#empty, feed.isKnown && open.length === 0);
    write(
      this.#openTitle,
      open.length === 0 ? 'Waiting for a decision' : `Waiting for a decision: ${open.length}`,
    );
  }

  /** @param {Review} review */
  showDecided(review) {
    this.#decided.add(review);
  }

  /** Takes a card away; whoever was in it goes on at the next one. @param {ReviewCard} card */
  #leave(card) {
    const hadFocus = card.root.contains(document.activeElement);
    const next = card.root.nextElementSibling ?? card.root.previousElementSibling;
    card.root.remove();
    if (!hadFocus) return;
    const nextCard = [...this.#cards.values()].find(({ root }) => root === next);
    if (nextCard === undefined) this.#openTitle.focus();
    else nextCard.focus();
  }

  /** @param {Review} review */
  #card(review) {
    const card = new ReviewCard({
      review,
      onDecide: (decision, comment, event) => {
        const isClick = event.detail > 0;
        if (isClick && this.#deps.nowMs() - this.#movedAtMs < SETTLE_MS)
          card.complain('The reviews have just moved. Look whether it is this one, and press again.');
        else void this.#decide(card, review, { decision, comment });
      },
    });
    return card;
  }

  /**
   * @param {ReviewCard} card
   * @param {Review} review
   * @param {{ decision: 'approve' | 'reject', comment: string }} answer
   */
  async #decide(card, review, { decision, comment }) {
    card.setBusy(true);
    try {
      const { notice = '' } = await this.#deps.feed.decide(review.id, decision, comment);
      this.#say(notice);
    } catch (error) {
      card.setBusy(false);
      if (error instanceof ApiProblem && error.code === 'review.already_resolved') {
        // What was decided comes by the feed, and takes the card away.
        card.setBusy(true);
        card.complain('Somebody has decided this already.');
        announce('Somebody has decided this already.');
      } else card.complain(sentenceOf(error));
    }
  }

  /** @param {string} notice */
  #say(notice) {
    write(this.#notice, notice);
    show(this.#notice, notice !== '');
  }
}
