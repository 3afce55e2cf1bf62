import { el, show, write } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { visibleText } from '../text/foreign-text.js';
import { credits } from '../text/sentences.js';

/** Longest question, in characters. */
const MAX_QUESTION = 10_000;

/**
 * @typedef {object} Model
 * @property {string} id
 * @property {string} name
 * @property {string} description
 * @property {number} creditCost credits per 1,000 tokens
 * @property {boolean} available
 */

/** Where a question is written. */
export class Composer {
  #input;
  #send;
  #stop;
  #models;
  #price;
  #problem;
  #draftName;
  /** @type {Model[]} */
  #known = [];
  #busy = false;
  root;

  /**
   * @param {object} deps
   * @param {string} deps.draftName under which an unsent question is kept for this tab
   * @param {(question: string, modelId: string) => void} deps.onAsk
   * @param {() => void} deps.onStop
   */
  constructor({ draftName, onAsk, onStop }) {
    this.#draftName = `holdfast.draft.${draftName}`;
    this.#input = el('textarea', {
      id: 'question',
      rows: 1,
      maxlength: MAX_QUESTION,
      dir: 'auto',
      placeholder: 'Ask something',
      'aria-describedby': 'question-hint',
      input: () => this.#typed(),
      keydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.root.requestSubmit();
      },
    });
    this.#send = el('button', { class: 'round primary', 'aria-label': 'Send', title: 'Send' }, icon('send'));
    this.#stop = el(
      'button',
      {
        type: 'button',
        class: 'round',
        'aria-label': 'Stop the answer',
        title: 'Stop the answer',
        hidden: true,
        click: onStop,
      },
      icon('stop'),
    );
    this.#models = el('select', { id: 'model', change: () => this.#tellPrice() });
    this.#price = el('span', { class: 'quiet price' });
    this.#problem = el('p', { class: 'problem', role: 'alert' });
    this.root = el(
      'form',
      {
        class: 'composer',
        'aria-label': 'Ask',
        submit: (/** @type {SubmitEvent} */ event) => this.#submit(event, onAsk),
      },
      this.#problem,
      el('label', { class: 'unseen', for: 'question' }, 'Your question'),
      this.#input,
      el(
        'div',
        { class: 'controls' },
        el('label', { class: 'unseen', for: 'model' }, 'Model'),
        this.#models,
        this.#price,
        el('span', { class: 'quiet hint-keys', id: 'question-hint' }, 'Shift+Enter: new line'),
        this.#stop,
        this.#send,
      ),
    );
    this.#input.value = sessionStorage.getItem(this.#draftName) ?? '';
  }

  focus() {
    this.#input.focus();
    this.#typed();
  }

  /**
   * @param {Model[]} models
   * @param {string} chosen
   */
  offer(models, chosen) {
    const available = models.filter((model) => model.available);
    this.#known = available;
    this.#models.replaceChildren(
      ...available.map(({ id, name, description }) =>
        el('option', { value: id, title: visibleText(description) }, visibleText(name)),
      ),
    );
    this.choose(chosen);
  }

  /** @param {string} modelId */
  choose(modelId) {
    if (this.#known.some(({ id }) => id === modelId)) this.#models.value = modelId;
    this.#tellPrice();
  }

  /** @param {{ busy: boolean, stoppable: boolean }} state */
  update({ busy, stoppable }) {
    this.#busy = busy;
    const hadFocus = document.activeElement === this.#stop;
    show(this.#stop, stoppable);
    show(this.#send, !stoppable);
    if (hadFocus && !stoppable) this.#input.focus();
    this.#send.disabled = busy;
  }

  /** @param {string} sentence */
  complain(sentence) {
    write(this.#problem, sentence);
  }

  /** Puts a question back that was not sent. @param {string} question */
  restore(question) {
    if (this.#input.value === '') this.#input.value = question;
    this.#typed();
  }

  /**
   * @param {SubmitEvent} event
   * @param {(question: string, modelId: string) => void} onAsk
   */
  #submit(event, onAsk) {
    event.preventDefault();
    const question = this.#input.value.trim();
    if (question === '' || this.#busy) return;
    this.complain('');
    this.#input.value = '';
    this.#fit();
    onAsk(question, this.#models.value);
  }

  /** The question has arrived: what is kept for the next load of the page is what is written now. */
  keepDraft() {
    sessionStorage.setItem(this.#draftName, this.#input.value);
  }

  #typed() {
    this.keepDraft();
    this.#fit();
  }

  /** Gives the text the room that it needs. */
  #fit() {
    const lines = this.#input.value.split('\n').length;
    this.#input.rows = Math.min(8, Math.max(1, lines));
  }

  #tellPrice() {
    const model = this.#known.find(({ id }) => id === this.#models.value);
    write(this.#price, model === undefined ? '' : `${credits(model.creditCost)} / 1,000 tokens`);
    this.#price.title = model === undefined ? '' : 'Credits for 1,000 tokens, question and answer alike';
  }
}
