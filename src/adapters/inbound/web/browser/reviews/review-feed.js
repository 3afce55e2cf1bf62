import { followNotices } from './follow-notices.js';

/** Reviews that are fetched at a time. */
const PAGE = 20;
/** Most open reviews that a page shows: the newest ones, and the others once half of these are decided. */
const MAX_OPEN = 200;
/** The tab that reads for all of one browser holds this lock. */
const LOCK = 'holdfast.reviews';

/**
 * @typedef {object} Review
 * @property {string} id
 * @property {string} eventId
 * @property {string} owner
 * @property {string} sessionId
 * @property {string} agentId
 * @property {string} madCode
 * @property {string} reason
 * @property {string} finding
 * @property {string} [rule]
 * @property {'pending' | 'approved' | 'rejected' | 'expired'} status
 * @property {string} createdAt
 * @property {string} deadlineAt
 * @property {string} [resolvedAt]
 * @property {string} [resolvedBy]
 * @property {string} [resolvedByName]
 * @property {string} [comment]
 * @property {any} [event] the event as its agent sent it; null when it cannot be read
 */

/**
 * What tabs tell each other: that a review has changed, or that everybody has to look.
 *
 * @typedef {{ type: 'review', data: Review } | { type: 'look' }} FeedNews
 */

/**
 * The reviews that are open, as they come and go. One tab of a browser reads for all, since a browser has only a few
 * connections to one server.
 */
export class ReviewFeed {
  #deps;
  #stop = new AbortController();
  /** @type {Map<string, Review>} */
  #open = new Map();
  #isKnown = false;
  /** Whether more is open than is shown. */
  #hasMore = false;
  /** @type {Promise<void>} */
  #work = Promise.resolve();
  #channel;

  /**
   * @param {object} deps
   * @param {Pick<import('../platform/api-client.js').ApiClient, 'call' | 'open'>} deps.api
   * @param {Parameters<typeof followNotices>[0]['timers']} deps.timers
   * @param {Pick<LockManager, 'request'>} deps.locks
   * @param {(name: string) => { post(news: FeedNews): void, listen(listener: (news: FeedNews) => void): void, close(): void }} deps.openChannel
   * @param {() => void} deps.onChange what is open has changed
   * @param {(review: Review) => void} deps.onAsked a review is new since the page has known what is open
   * @param {(review: Review) => void} deps.onDecided a review that was open is decided
   * @param {(error: unknown) => void} deps.onProblem the open reviews could not be fetched, or cannot be followed
   */
  constructor(deps) {
    this.#deps = deps;
    this.#channel = deps.openChannel(LOCK);
    this.#channel.listen((news) => this.#take(news));
    this.#look();
    void this.#read();
  }

  /** The open reviews, those that have waited longest first. */
  get open() {
    return [...this.#open.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** Whether the page has learned what is open. */
  get isKnown() {
    return this.#isKnown;
  }

  /**
   * Decides about a review.
   *
   * @param {string} id
   * @param {'approve' | 'reject'} decision
   * @param {string} comment
   * @returns {Promise<{ status: string, notice?: string }>}
   * @throws {import('../platform/api-client.js').ApiProblem} with the code `review.already_resolved` when somebody else was first
   */
  async decide(id, decision, comment) {
    const path = `/api/reviews/${encodeURIComponent(id)}/${decision}`;
    return this.#deps.api.call('POST', path, comment === '' ? {} : { comment });
  }

  close() {
    this.#stop.abort(new Error('the page is left'));
    this.#channel.close();
  }

  /** Reads for all tabs, once no other does. */
  async #read() {
    const { api, timers, locks, onProblem } = this.#deps;
    const { signal } = this.#stop;
    try {
      await locks.request(LOCK, { signal }, () =>
        followNotices({
          open: (cut) => api.open('GET', '/api/reviews/live', { signal: cut }),
          timers,
          signal,
          onNotice: ({ type, data }) => {
            /** @type {FeedNews} */
            const news = type === 'review' ? { type, data } : { type: 'look' };
            this.#channel.post(news);
            this.#take(news);
          },
        }),
      );
    } catch (error) {
      if (!signal.aborted) onProblem(error);
    }
  }

  /** @param {FeedNews} news */
  #take(news) {
    if (news.type === 'look') this.#look();
    else this.#then(() => this.#hear(news.data));
  }

  #look() {
    this.#then(() => this.#fetch());
  }

  /** One after the other: what was told first is done first. @param {() => Promise<void>} act */
  #then(act) {
    this.#work = this.#work.then(async () => {
      if (this.#stop.signal.aborted) return;
      await act().catch((error) => {
        if (!this.#stop.signal.aborted) this.#deps.onProblem(error);
      });
    });
  }

  /** @param {Review} review without its event */
  async #hear(review) {
    const { api, onChange, onAsked, onDecided } = this.#deps;
    const { id, status } = review;
    if (status !== 'pending') {
      if (!this.#open.delete(id)) return;
      onDecided(review);
      onChange();
      if (this.#hasMore && this.#open.size <= MAX_OPEN / 2) this.#look();
      return;
    }
    if (this.#open.has(id)) return;
    if (this.#open.size >= MAX_OPEN) {
      this.#hasMore = true;
      return;
    }
    /** @type {Review} */
    const whole = await api.call('GET', `/api/reviews/${encodeURIComponent(id)}`);
    if (whole.status !== 'pending') return;
    this.#open.set(id, whole);
    onAsked(whole);
    onChange();
  }

  async #fetch() {
    const { api, onChange, onAsked, onDecided } = this.#deps;
    /** @type {Map<string, Review>} */
    const found = new Map();
    let after = '';
    do {
      const page = await api.call('GET', `/api/reviews?status=pending&limit=${PAGE}${after}`);
      for (const review of page.reviews) found.set(review.id, review);
      after = page.next === undefined ? '' : `&after=${encodeURIComponent(page.next)}`;
    } while (after !== '' && found.size < MAX_OPEN);
    const before = this.#open;
    this.#open = found;
    this.#hasMore = after !== '';
    for (const id of before.keys()) {
      if (found.has(id)) continue;
      const decided = await api.call('GET', `/api/reviews/${encodeURIComponent(id)}`).catch(() => undefined);
      if (decided !== undefined && decided.status !== 'pending') onDecided(decided);
    }
    if (this.#isKnown) for (const [id, review] of found) if (!before.has(id)) onAsked(review);
    this.#isKnown = true;
    onChange();
  }
}
