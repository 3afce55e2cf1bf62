import { AnswerReader, announce } from '../dom/announcer.js';
import { el, show, write } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { visibleText } from '../text/foreign-text.js';
import { endingOf, sentenceOf } from '../text/sentences.js';
import { Composer } from './composer.js';
import { MessageItem } from './message-item.js';

/** @import { Conversation } from '../streaming/conversation.js' */
/** @import { Model } from './composer.js' */

/** Distance from the end within which a reader counts as reading the newest, in CSS pixels. */
const NEAR_END_PX = 80;

/** Shows one chat. */
export class ConversationView {
  #deps;
  #title = el('h1', { tabindex: '-1' });
  #list = el('ol', { class: 'messages', 'aria-label': 'Messages' });
  #note = el('p', { class: 'quiet note' });
  #link = el('p', { class: 'lost', role: 'status', hidden: true });
  #newest = el(
    'button',
    {
      type: 'button',
      class: 'round newest',
      'aria-label': 'To the newest',
      title: 'To the newest',
      hidden: true,
      click: () => this.#scrollToEnd(),
    },
    icon('down'),
  );
  #scroller = el(
    'div',
    {
      class: 'scroller',
      tabindex: '0',
      role: 'region',
      'aria-label': 'Conversation',
      scroll: () => this.#scrolled(),
    },
    el('div', { class: 'column' }, this.#list, this.#note),
  );
  #composer;
  #reader;
  /** @type {MessageItem[]} */
  #items = [];
  /** @type {MessageItem | undefined} */
  #live;
  #liveId = '';
  #atEnd = true;
  #frame = 0;
  #wasSending = false;
  #chosen = '';
  root;

  /**
   * @param {object} deps
   * @param {Conversation} deps.conversation
   * @param {string} deps.chatId
   * @param {{ after(ms: number, act: () => void): () => void }} deps.timers
   * @param {HTMLElement} deps.opener
   * @param {() => void} deps.onTitle
   */
  constructor(deps) {
    this.#deps = deps;
    this.#reader = new AnswerReader(deps.timers);
    this.#composer = new Composer({
      draftName: deps.chatId,
      onAsk: (question, modelId) => void this.ask(question, modelId),
      onStop: () => void this.#stop(),
    });
    this.root = el(
      'main',
      { id: 'main', class: 'conversation' },
      el('header', { class: 'bar' }, deps.opener, this.#title),
      this.#scroller,
      el(
        'div',
        { class: 'foot' },
        this.#newest,
        el('div', { class: 'column' }, this.#link, this.#composer.root),
      ),
    );
    this.update();
  }

  focus() {
    this.#composer.focus();
  }

  /** @param {Model[]} models */
  offer(models) {
    this.#composer.offer(models, this.#deps.conversation.modelId);
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#reader.close();
    this.#deps.conversation.close();
  }

  /**
   * @param {string} question
   * @param {string} modelId
   */
  async ask(question, modelId) {
    this.#atEnd = true;
    announce('Your question is sent.');
    try {
      await this.#deps.conversation.ask(question, modelId);
    } catch (error) {
      this.#composer.restore(question);
      this.#composer.complain(sentenceOf(error));
      if (!this.#deps.conversation.isBusy) void this.#deps.conversation.load();
    }
  }

  /** Something has changed; what is shown follows once for each frame. */
  update() {
    if (this.#frame !== 0) return;
    // A tab in the background draws no frames, and need not.
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const { conversation } = this.#deps;
    const title = visibleText(conversation.title);
    if (this.#title.textContent !== title) {
      write(this.#title, title);
      this.#deps.onTitle();
    }
    this.#drawMessages();
    this.#drawAnswer();
    this.#drawState();
    if (this.#atEnd) this.#scrollToEnd();
    if (this.#wasSending && !conversation.isSending) this.#composer.keepDraft();
    this.#wasSending = conversation.isSending;
  }

  #drawMessages() {
    const { messages, receipts } = this.#deps.conversation;
    for (const item of this.#items.splice(messages.length)) item.root.remove();
    messages.forEach((message, index) => {
      let item = this.#items[index] ?? this.#takeLive(message.answer?.streamId);
      if (item !== undefined) this.#items[index] = item;
      if (item === undefined || item.role !== message.role || !item.continues(message.content)) {
        item?.root.remove();
        item = new MessageItem(message.role);
        this.#items[index] = item;
        const before = index === 0 ? null : this.#items[index - 1]?.root;
        if (before === null || before === undefined) this.#list.prepend(item.root);
        else before.after(item.root);
      }
      item.showMessage(message, message.streamId === undefined ? undefined : receipts.get(message.streamId));
    });
  }

  /** The answer that has become a message stays where and what it is. @param {string | undefined} streamId */
  #takeLive(streamId) {
    if (streamId === undefined || streamId !== this.#liveId) return undefined;
    const live = this.#live;
    this.#live = undefined;
    this.#liveId = '';
    return live;
  }

  #drawAnswer() {
    const { conversation } = this.#deps;
    const { answer } = conversation;
    const shown = answer !== undefined || conversation.isBusy;
    if (!shown || (this.#liveId !== '' && this.#liveId !== answer?.streamId)) {
      this.#live?.root.remove();
      this.#live = undefined;
      this.#liveId = '';
    }
    if (!shown) return;
    if (this.#live === undefined) {
      this.#live = new MessageItem('assistant');
      this.#list.append(this.#live.root);
    }
    const wasRunning = this.#live.isRunning;
    this.#liveId = answer?.streamId ?? '';
    this.#live.showAnswer(
      answer,
      answer === undefined ? undefined : conversation.receipts.get(answer.streamId),
    );
    if (answer === undefined) return;
    if (answer.end === undefined) this.#reader.grow(answer.text);
    else if (wasRunning) this.#reader.end(visibleText(answer.text), endingOf(answer.end));
  }

  #drawState() {
    const { conversation } = this.#deps;
    const { phase, link, messages, answer, isBusy } = conversation;
    const busy = phase !== 'ready' || isBusy;
    this.#composer.update({ busy, stoppable: conversation.isSending || (isBusy && answer !== undefined) });
    if (conversation.modelId !== this.#chosen) {
      this.#chosen = conversation.modelId;
      this.#composer.choose(this.#chosen);
    }
    const away = isBusy && link.kind === 'away';
    show(this.#link, away);
    write(this.#link, away ? 'The connection is lost. Trying again; nothing that has come is lost.' : '');
    write(
      this.#note,
      noteOf(phase, conversation.problem, messages.length === 0 && answer === undefined && !isBusy),
    );
  }

  async #stop() {
    try {
      await this.#deps.conversation.stop();
    } catch (error) {
      this.#composer.complain(sentenceOf(error));
    }
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    show(this.#newest, !this.#atEnd);
  }

  #scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#atEnd = true;
    show(this.#newest, false);
  }
}

/**
 * @param {Conversation['phase']} phase
 * @param {string} problem
 * @param {boolean} empty
 */
function noteOf(phase, problem, empty) {
  if (phase === 'loading') return 'Loading…';
  if (phase === 'missing') return 'This chat is not there, or not any more.';
  if (phase === 'failed') return problem;
  return empty ? 'Nothing has been asked here yet.' : '';
}
