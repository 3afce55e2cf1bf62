import { el, show, write } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { isReviewer } from '../reviews/is-reviewer.js';
import { visibleText } from '../text/foreign-text.js';
import { credits } from '../text/sentences.js';

/** The widths at which the list of chats stands beside the conversation. */
const WIDE = '(min-width: 52rem)';

/** What the button says that opens the list where the screen is narrow. */
const OPENER_WORDS = 'Chats and account';

/** What stays while one goes from chat to chat: the list, the credit, the ways to one's account and out. */
export class Shell {
  #side;
  #credit = el('p', { class: 'credit' });
  #count = el('span', { class: 'badge', hidden: true });
  #reviews = el('a', { href: '#/reviews', class: 'new' }, icon('shield'), 'Reviews', this.#count);
  #newChat = el('a', { href: '#/', class: 'new' }, icon('plus'), 'New chat');
  #outlet = el('div', { class: 'outlet' });
  #wide = matchMedia(WIDE);
  #veil = el('div', { class: 'veil', hidden: true, click: () => this.closeSide() });
  /** Opens the list where the screen is narrow; views put it into their headers. */
  opener = el(
    'button',
    {
      type: 'button',
      class: 'small opener',
      'aria-label': OPENER_WORDS,
      'aria-expanded': 'false',
      'aria-controls': 'side',
      click: () => this.#openSide(),
    },
    icon('menu'),
  );
  root;

  /**
   * @param {object} deps
   * @param {import('../platform/api-client.js').User} deps.user
   * @param {HTMLElement} deps.list
   * @param {() => void} deps.onLogOut
   */
  constructor({ user, list, onLogOut }) {
    this.#side = el(
      'div',
      { id: 'side', class: 'side', keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      el(
        'header',
        { class: 'bar' },
        el('p', { class: 'brand' }, icon('anchor'), 'Holdfast'),
        el(
          'button',
          {
            type: 'button',
            class: 'small closer',
            'aria-label': 'Close the list',
            click: () => this.closeSide(),
          },
          icon('close'),
        ),
      ),
      isReviewer(user) ? el('nav', { 'aria-label': 'Agents', class: 'agents' }, this.#reviews) : undefined,
      el('nav', { 'aria-label': 'Chats' }, this.#newChat, list),
      el(
        'footer',
        {},
        this.#credit,
        el(
          'p',
          { class: 'me' },
          el(
            'a',
            { href: '#/account', class: 'me-link' },
            icon('person'),
            el('bdi', {}, visibleText(user.username)),
            el('span', { class: 'unseen' }, ': your account and devices'),
          ),
          el('button', { type: 'button', class: 'link', click: onLogOut }, 'Log out'),
        ),
      ),
    );
    this.root = el(
      'div',
      { class: 'shell' },
      el(
        'a',
        { class: 'skip', href: '#main', click: (/** @type {Event} */ event) => this.#skip(event) },
        'To the conversation',
      ),
      this.#side,
      this.#veil,
      this.#outlet,
    );
    this.#wide.addEventListener('change', () => this.#arrange(false));
    this.#arrange(false);
  }

  /**
   * Shows a view, and marks the way to it; the list of chats marks its own.
   *
   * @param {{ root: HTMLElement, address?: string }} view
   */
  put(view) {
    this.#outlet.replaceChildren(view.root);
    for (const link of [this.#reviews, this.#newChat]) {
      if (link.getAttribute('href') === view.address) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.closeSide();
  }

  /** @param {{ availableCredits: number, heldCredits: number } | undefined} balance */
  showCredit(balance) {
    if (balance === undefined) return;
    const held = balance.heldCredits > 0 ? ` (${credits(balance.heldCredits)} held)` : '';
    write(this.#credit, `${credits(balance.availableCredits)}${held}`);
  }

  /** @param {number} count how many reviews wait for a decision */
  showReviews(count) {
    this.#count.replaceChildren(String(count), el('span', { class: 'unseen' }, ' waiting'));
    show(this.#count, count > 0);
    // Where the list is covered, its button is all that a reviewer sees of it.
    this.opener.classList.toggle('due', count > 0);
    this.opener.setAttribute(
      'aria-label',
      count > 0 ? `${OPENER_WORDS}; reviews waiting: ${count}` : OPENER_WORDS,
    );
  }

  closeSide() {
    if (this.opener.getAttribute('aria-expanded') !== 'true') return;
    this.#arrange(false);
    this.opener.focus();
  }

  #openSide() {
    this.#arrange(true);
    this.#side.querySelector('button')?.focus();
  }

  /** Where the list covers the conversation, only one of the two can be reached. @param {boolean} open */
  #arrange(open) {
    const covers = !this.#wide.matches;
    this.opener.setAttribute('aria-expanded', String(covers && open));
    this.#side.classList.toggle('open', covers && open);
    this.#side.inert = covers && !open;
    this.#outlet.inert = covers && open;
    show(this.#veil, covers && open);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') this.closeSide();
  }

  /** The address after the # is the page's own, so the skip link moves the focus itself. @param {Event} event */
  #skip(event) {
    event.preventDefault();
    const target = this.#outlet.querySelector('#question') ?? this.#outlet.querySelector('h1');
    if (target instanceof HTMLElement) target.focus();
  }
}
