import { el } from '../dom/element.js';
import { settledLength, visibleText } from '../text/foreign-text.js';

/** A text without a blank is settled when it is so long, in UTF-16 code units, so that each piece costs the same. */
const MAX_UNSETTLED = 8_192;

/** A text that grows: what is settled is never written again, so that a reader's selection and place stay. */
export class AnswerText {
  element = el('div', { class: 'text', dir: 'auto' });
  #settled = document.createTextNode('');
  #tail = document.createTextNode('');
  #settledLength = 0;
  #text = '';

  constructor() {
    this.element.append(this.#settled, this.#tail);
  }

  /** @param {string} text the whole text so far; it begins with what it was before */
  grow(text) {
    if (text === this.#text) return;
    this.#text = text;
    const open = text.slice(this.#settledLength);
    let settle = settledLength(open);
    if (settle === 0 && open.length > MAX_UNSETTLED) settle = open.length - (isHighSurrogate(open) ? 1 : 0);
    if (settle > 0) {
      this.#settled.appendData(visibleText(open.slice(0, settle)));
      this.#settledLength += settle;
    }
    this.#tail.data = visibleText(open.slice(settle));
  }
}

/** @param {string} text */
const isHighSurrogate = (text) => /[\ud800-\udbff]$/.test(text);
