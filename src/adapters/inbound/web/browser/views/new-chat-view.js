import { el } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { sentenceOf } from '../text/sentences.js';
import { Composer } from './composer.js';

/** What a first visitor may ask; the handbook knows the answers. */
const SUGGESTIONS = [
  'What happens when I lose the connection?',
  'How are credits reserved and charged?',
  'What is a streaming session?',
];

/** The place where a chat begins: it is made with its first question. */
export class NewChatView {
  #composer;
  #deps;
  /** Where the page shows it. */
  address = '#/';
  root;

  /**
   * @param {object} deps
   * @param {HTMLElement} deps.opener
   * @param {(question: string, modelId: string) => Promise<void>} deps.onBegin
   */
  constructor(deps) {
    this.#deps = deps;
    this.#composer = new Composer({
      draftName: 'new',
      onAsk: (question, modelId) => void this.#begin(question, modelId),
      onStop: () => undefined,
    });
    const suggestions = SUGGESTIONS.map((question) =>
      el('li', {}, el('button', { type: 'button', click: () => this.#suggest(question) }, question)),
    );
    this.root = el(
      'main',
      { id: 'main', class: 'conversation' },
      el('header', { class: 'bar' }, deps.opener, el('h1', {}, 'New chat')),
      el(
        'div',
        { class: 'scroller' },
        el(
          'div',
          { class: 'welcome' },
          icon('anchor'),
          el('p', { class: 'lead' }, 'Ask, and watch the answer come.'),
          el(
            'p',
            { class: 'quiet' },
            'Load the page again or lose the connection in the middle: not a character is lost, and none comes twice.',
          ),
          el('ul', { class: 'suggestions', 'aria-label': 'Questions to begin with' }, ...suggestions),
        ),
      ),
      el('div', { class: 'foot' }, el('div', { class: 'column' }, this.#composer.root)),
    );
  }

  focus() {
    this.#composer.focus();
  }

  /**
   * @param {import('./composer.js').Model[]} models
   * @param {string} chosen
   */
  offer(models, chosen) {
    this.#composer.offer(models, chosen);
  }

  close() {}

  /** @param {string} question */
  #suggest(question) {
    this.#composer.restore(question);
    this.#composer.focus();
  }

  /**
   * @param {string} question
   * @param {string} modelId
   */
  async #begin(question, modelId) {
    this.#composer.update({ busy: true, stoppable: false });
    try {
      await this.#deps.onBegin(question, modelId);
      this.#composer.keepDraft();
    } catch (error) {
      this.#composer.restore(question);
      this.#composer.complain(sentenceOf(error));
    } finally {
      this.#composer.update({ busy: false, stoppable: false });
    }
  }
}
