import { el, show, write } from '../dom/element.js';
import {
  askerOf,
  callsOf,
  messagesOf,
  oneLine,
  outputOf,
  reasoningOf,
  wishOf,
} from '../reviews/review-words.js';
import { visibleText } from '../text/foreign-text.js';
import { timeWords } from '../text/sentences.js';

/** @import { Review } from '../reviews/review-feed.js' */

/** Longest comment, in characters. */
const MAX_COMMENT = 2_000;

/** One open review: what an agent wants to do, why somebody is asked, and the answer to it. */
export class ReviewCard {
  #title;
  #comment;
  #buttons;
  #problem = el('p', { class: 'problem', role: 'alert' });
  root;

  /**
   * @param {object} deps
   * @param {Review} deps.review
   * @param {(decision: 'approve' | 'reject', comment: string, event: MouseEvent) => void} deps.onDecide
   */
  constructor({ review, onDecide }) {
    const id = `review-${review.id}`;
    this.#title = el(
      'h3',
      { id, tabindex: '-1' },
      el('bdi', {}, askerOf(review)),
      ' wants to use ',
      el('bdi', {}, wishOf(review)),
    );
    this.#comment = el('textarea', { rows: 1, maxlength: MAX_COMMENT, dir: 'auto' });
    const act = (/** @type {'approve' | 'reject'} */ decision) => (/** @type {MouseEvent} */ event) =>
      onDecide(decision, this.#comment.value.trim(), event);
    const button = (/** @type {'approve' | 'reject'} */ decision, /** @type {string} */ word) =>
      el('button', { type: 'button', 'aria-describedby': id, click: act(decision) }, word);
    // Neither stands out: which of both is right is for the person to say, and the dangerous one is not to be the easy one.
    this.#buttons = [button('reject', 'Reject'), button('approve', 'Approve')];
    this.root = el(
      'article',
      { class: 'card review', 'aria-labelledby': id, 'data-id': review.id },
      el('header', {}, this.#title, el('span', { class: badgeOf(review) }, codeWords(review))),
      el('p', {}, whyWords(review)),
      ...wishes(review),
      factsOf(review),
      conversationOf(review),
      el('label', { class: 'field' }, el('span', {}, 'Comment (kept with the decision)'), this.#comment),
      this.#problem,
      el('div', { class: 'buttons answers' }, ...this.#buttons),
    );
  }

  focus() {
    this.#title.focus();
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    for (const button of this.#buttons) button.disabled = busy;
    if (busy) this.complain('');
  }

  /** @param {string} sentence */
  complain(sentence) {
    write(this.#problem, sentence);
  }
}

/** @param {Review} review */
const codeWords = ({ madCode }) => (madCode === '' ? 'Not classified' : oneLine(madCode));

/** What is harmless or merely worth telling is not shown as a danger. @param {Review} review */
const badgeOf = ({ madCode }) => (/^M[02]/.test(madCode) ? 'badge' : 'badge danger');

/** @param {Review} review */
function whyWords({ reason, finding, rule }) {
  const said = oneLine(finding);
  const by = rule === undefined ? '' : ` (${oneLine(rule)})`;
  return reason === 'classifier_error' ? `It could not be classified: ${said}` : `${said}${by}`;
}

/** The calls, each with everything that goes with it as it was sent: what is left out could be what matters. @param {Review} review */
function wishes(review) {
  const calls = callsOf(review).map(({ name, args }) =>
    el(
      'div',
      { class: 'call' },
      el('p', { class: 'strong' }, el('bdi', {}, oneLine(name))),
      foreignBlock(args),
    ),
  );
  const said = [
    { how: 'It says', text: outputOf(review) },
    { how: 'It has thought', text: reasoningOf(review) },
  ];
  return [
    ...calls,
    ...said
      .filter(({ text }) => text !== '')
      .map(({ how, text }) =>
        el('div', { class: 'call' }, el('p', { class: 'quiet' }, how), foreignBlock(text)),
      ),
  ];
}

/** A text of somebody else's, to the character. @param {string} text */
const foreignBlock = (text) =>
  el('pre', { dir: 'auto', tabindex: '0', role: 'group', 'aria-label': 'What it sent' }, visibleText(text));

/** @param {Review} review */
const factsOf = ({ owner, sessionId, createdAt, deadlineAt }) =>
  el(
    'p',
    { class: 'quiet' },
    'Key of ',
    el('bdi', {}, oneLine(owner)),
    ' · session ',
    el('bdi', {}, oneLine(sessionId)),
    ` · asked ${timeWords(createdAt)} · to be answered by ${timeWords(deadlineAt)}`,
  );

/** The conversation, drawn when it is opened: it may be long. @param {Review} review */
function conversationOf(review) {
  const messages = messagesOf(review);
  const list = el('ol', { class: 'said' });
  const details = el(
    'details',
    {
      toggle: () => {
        if (!details.open || list.childElementCount > 0) return;
        list.append(
          ...messages.map(({ role, content }) =>
            el('li', {}, el('p', { class: 'strong' }, el('bdi', {}, oneLine(role))), foreignBlock(content)),
          ),
        );
      },
    },
    el(
      'summary',
      {},
      `The conversation before it: ${messages.length} ${messages.length === 1 ? 'message' : 'messages'}`,
    ),
    list,
  );
  show(details, messages.length > 0);
  return details;
}
