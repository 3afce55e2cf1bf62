import { el, write } from '../dom/element.js';
import { endingOf, keptEndingOf, receiptWords } from '../text/sentences.js';
import { AnswerText } from './answer-text.js';

/** @import { Answer } from '../streaming/answer.js' */
/** @import { Message } from '../streaming/conversation.js' */

/** One message of a conversation, or the answer that is coming. */
export class MessageItem {
  #text = new AnswerText();
  #footer = el('p', { class: 'quiet ending' });
  #article;
  #shown = '';
  #running = false;
  role;
  root;

  /** @param {'user' | 'assistant'} role */
  constructor(role) {
    this.role = role;
    const who = role === 'user' ? 'You' : 'Answer';
    this.#article = el(
      'article',
      { class: `message ${role}`, 'aria-label': who },
      el('h2', { class: role === 'user' ? 'unseen' : 'who' }, who),
      this.#text.element,
      this.#footer,
    );
    this.root = el('li', {}, this.#article);
  }

  /** Whether the answer was still coming when it was drawn last. */
  get isRunning() {
    return this.#running;
  }

  /** Whether a text begins with the one that is shown. @param {string} text */
  continues(text) {
    return text.startsWith(this.#shown);
  }

  /**
   * @param {Message} message
   * @param {string | undefined} receipt
   */
  showMessage({ content, state, answer }, receipt) {
    this.#shown = content;
    this.#text.grow(content);
    const ending = answer?.end === undefined ? keptEndingOf(state) : endingOf(answer.end);
    write(this.#footer, ending + receiptWords(receipt));
  }

  /**
   * @param {Answer | undefined} answer undefined before the first event
   * @param {string | undefined} receipt
   */
  showAnswer(answer, receipt) {
    const running = answer?.end === undefined;
    this.#running = running;
    this.#shown = answer?.text ?? '';
    this.#article.classList.toggle('running', running);
    this.#article.setAttribute('aria-busy', String(running));
    this.#article.dataset.cursor = String(answer?.cursor ?? 0);
    this.#text.grow(answer?.text ?? '');
    write(this.#footer, answer?.end === undefined ? '' : endingOf(answer.end) + receiptWords(receipt));
  }
}
