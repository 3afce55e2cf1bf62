import { announce } from '../dom/announcer.js';
import { askText, confirm } from '../dom/dialogs.js';
import { el, show, write } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { visibleText } from '../text/foreign-text.js';
import { sentenceOf } from '../text/sentences.js';

/** Chats that are fetched at a time; the server's most. */
const PAGE = 50;
/** Longest title, in characters. */
const MAX_TITLE = 200;

/**
 * @typedef {object} Chat
 * @property {string} sessionId
 * @property {string} title
 */

/** The list of one's chats. */
export class ChatList {
  #deps;
  #items = el('ul', { class: 'chats' });
  #empty = el('p', { class: 'quiet', hidden: true }, 'No chats yet. Ask something, and it is kept here.');
  #more = el(
    'button',
    { type: 'button', class: 'link', hidden: true, click: () => void this.#loadMore() },
    'Older chats',
  );
  #problem = el('p', { class: 'problem', role: 'alert' });
  /** @type {Chat[]} */
  #chats = [];
  #pages = 1;
  #currentId = '';
  root = el('div', { class: 'list' }, this.#problem, this.#items, this.#empty, this.#more);

  /**
   * @param {object} deps
   * @param {import('../platform/api-client.js').ApiClient} deps.api
   * @param {() => void} deps.onChanged a chat was renamed or deleted here
   * @param {(chatId: string) => void} deps.onDeleted
   * @param {(chatId: string, title: string) => void} deps.onRenamed
   */
  constructor(deps) {
    this.#deps = deps;
  }

  /** Fetches the list, as far as it was shown. */
  async load() {
    try {
      /** @type {Map<string, Chat>} */
      const found = new Map();
      for (let page = 1; page <= this.#pages; page += 1) {
        const { sessions, pagination } = await this.#deps.api.call(
          'GET',
          `/api/chat/sessions?page=${page}&limit=${PAGE}`,
        );
        for (const chat of sessions) found.set(chat.sessionId, chat);
        show(this.#more, pagination.pages > page);
      }
      this.#chats = [...found.values()];
      write(this.#problem, '');
    } catch (error) {
      write(this.#problem, sentenceOf(error));
    }
    this.#render();
  }

  /** Marks the chat that is open. @param {string} chatId */
  mark(chatId) {
    this.#currentId = chatId;
    for (const link of this.#items.querySelectorAll('a')) {
      if (link.dataset.id === chatId) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  async #loadMore() {
    this.#pages += 1;
    await this.load();
  }

  #render() {
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.#items.replaceChildren(...this.#chats.map((chat) => this.#row(chat)));
    show(this.#empty, this.#chats.length === 0 && this.#problem.textContent === '');
    this.mark(this.#currentId);
    if (focused === undefined) return;
    for (const element of this.#items.querySelectorAll('[data-key]'))
      if (element instanceof HTMLElement && element.dataset.key === focused) element.focus();
  }

  /** @param {Chat} chat */
  #row(chat) {
    const title = visibleText(chat.title);
    return el(
      'li',
      {},
      el(
        'a',
        {
          href: `#/chats/${encodeURIComponent(chat.sessionId)}`,
          'data-id': chat.sessionId,
          'data-key': `open ${chat.sessionId}`,
        },
        el('bdi', {}, title),
      ),
      el(
        'button',
        {
          type: 'button',
          class: 'small',
          'data-key': `rename ${chat.sessionId}`,
          'aria-label': `Rename ${title}`,
          title: 'Rename',
          click: () => void this.#rename(chat),
        },
        icon('pencil'),
      ),
      el(
        'button',
        {
          type: 'button',
          class: 'small',
          'data-key': `delete ${chat.sessionId}`,
          'aria-label': `Delete ${title}`,
          title: 'Delete',
          click: () => void this.#remove(chat),
        },
        icon('bin'),
      ),
    );
  }

  /** @param {Chat} chat */
  async #rename({ sessionId, title }) {
    const fresh = await askText({
      title: 'Rename the chat',
      label: 'Title',
      value: title,
      most: MAX_TITLE,
      act: 'Rename',
    });
    if (fresh === undefined) return;
    await this.#act(async () => {
      await this.#deps.api.call('PATCH', `/api/chat/sessions/${encodeURIComponent(sessionId)}`, {
        title: fresh,
      });
      this.#deps.onRenamed(sessionId, fresh);
    });
  }

  /** @param {Chat} chat */
  async #remove({ sessionId, title }) {
    const sure = await confirm({
      title: 'Delete the chat?',
      text: `“${visibleText(title)}” and all its answers are removed for good.`,
      act: 'Delete',
    });
    if (!sure) return;
    await this.#act(async () => {
      await this.#deps.api.call('DELETE', `/api/chat/sessions/${encodeURIComponent(sessionId)}`);
      announce('The chat is deleted.');
      this.#deps.onDeleted(sessionId);
    });
  }

  /** @param {() => Promise<void>} work */
  async #act(work) {
    try {
      await work();
      this.#deps.onChanged();
      await this.load();
    } catch (error) {
      write(this.#problem, sentenceOf(error));
    }
  }
}
