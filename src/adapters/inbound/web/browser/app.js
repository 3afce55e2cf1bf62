import { announce, warn } from './dom/announcer.js';
import { AccountChannel } from './platform/account-channel.js';
import { ApiClient, ApiProblem } from './platform/api-client.js';
import { receiptsDue } from './platform/receipts-due.js';
import { openTabChannel } from './platform/tab-channel.js';
import { browserTimers, newName } from './platform/timers.js';
import { Reviewing } from './reviews/reviewing.js';
import { Conversation } from './streaming/conversation.js';
import { firstTitle } from './text/first-title.js';
import { visibleText } from './text/foreign-text.js';
import { sentenceOf } from './text/sentences.js';
import { AccountView } from './views/account-view.js';
import { awayView } from './views/away-view.js';
import { ChatList } from './views/chat-list.js';
import { ConversationView } from './views/conversation-view.js';
import { firstPasswordView } from './views/first-password-view.js';
import { LoginView } from './views/login-view.js';
import { NewChatView } from './views/new-chat-view.js';
import { Shell } from './views/shell.js';

/** @import { User } from './platform/api-client.js' */
/** @import { Model } from './views/composer.js' */

/**
 * @typedef {{ root: HTMLElement, focus(): void, close(): void }} View
 */

/** Wait before a server that is away is asked again, in milliseconds. */
const AWAY_WAIT_MS = 2_000;
/** Where the model that was chosen last is kept. */
const MODEL_KEY = 'holdfast.model';

/** The page: who is logged in, and what he looks at. */
export class App {
  #facts;
  #place;
  #api = new ApiClient({
    onLoggedOut: () => this.#loggedOut('Your login has ended. Log in again to go on.'),
  });
  /** @type {User | undefined} */
  #user;
  /** @type {View | undefined} */
  #view;
  /** @type {Shell | undefined} */
  #shell;
  /** @type {ChatList | undefined} */
  #list;
  /** @type {Model[]} */
  #models = [];
  #others = new AccountChannel({
    onLoggedOut: () => this.#loggedOut(''),
    onLoggedIn: () => void this.start(),
    onChatsChanged: () => {
      void this.#list?.load();
      void this.#conversation?.refresh();
    },
  });
  /** A question that begins the chat which is opened next. @type {{ chatId: string, title: string, question: string, modelId: string } | undefined} */
  #first;

  /**
   * @param {HTMLElement} place
   * @param {{ version: string, demo: ReadonlyArray<{ username: string, password: string }> }} facts
   */
  constructor(place, facts) {
    this.#place = place;
    this.#facts = facts;
    addEventListener('hashchange', () => this.#route());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible' || this.#list === undefined) return;
      void this.#refresh();
      void this.#conversation?.refresh();
    });
  }

  /** Finds out who is logged in, and shows what is his. */
  async start() {
    for (;;) {
      try {
        const user = await this.#api.session();
        if (user === undefined) this.#loggedOut('');
        else this.#enter(user);
        return;
      } catch (error) {
        warn(sentenceOf(error));
        this.#showBare(awayView(error));
        if (error instanceof ApiProblem && !error.passes) return;
        await browserTimers.sleep(AWAY_WAIT_MS);
      }
    }
  }

  /** @param {User} user */
  #enter(user) {
    warn('');
    this.#user = user;
    if (user.mustChangePassword) {
      const changed = async () => {
        await this.start();
        announce('Your password is changed.');
      };
      const view = firstPasswordView({
        api: this.#api,
        user,
        onChanged: () => void changed(),
        onLogOut: () => void this.#logOut(),
      });
      this.#put(view);
      return;
    }
    this.#list = new ChatList({
      api: this.#api,
      onChanged: () => this.#others.tellChatsChanged(),
      onDeleted: (chatId) => {
        if (this.#openChat() === chatId) location.hash = '#/';
      },
      onRenamed: (chatId, title) => {
        if (this.#conversation !== undefined && this.#openChat() === chatId)
          this.#conversation.retitle(title);
      },
    });
    this.#shell = new Shell({ user, list: this.#list.root, onLogOut: () => void this.#logOut() });
    this.#reviewing?.close();
    this.#reviewing = Reviewing.of({ api: this.#api, user, shell: this.#shell });
    this.#view?.close();
    this.#place.replaceChildren(this.#shell.root);
    this.#route();
    void this.#refresh();
    void this.#loadModels();
  }

  /** @type {Conversation | undefined} */
  #conversation;
  /** @type {Reviewing | undefined} */
  #reviewing;

  #openChat() {
    const [, chatId] = /^#\/chats\/([^/]+)$/.exec(location.hash) ?? [];
    return chatId === undefined ? undefined : decodeURIComponent(chatId);
  }

  /** Shows what the address names. */
  #route() {
    if (this.#shell === undefined || this.#user === undefined) return;
    const chatId = this.#openChat();
    this.#list?.mark(chatId ?? '');
    this.#view?.close();
    this.#conversation = undefined;
    if (chatId !== undefined) this.#view = this.#showChat(chatId, this.#shell, this.#user);
    else if (location.hash === '#/account') {
      this.#view = new AccountView({
        api: this.#api,
        user: this.#user,
        opener: this.#shell.opener,
        onLogOut: () => void this.#logOut(),
      });
    } else if (location.hash === '#/reviews' && this.#reviewing !== undefined) {
      this.#view = this.#reviewing.view(this.#shell.opener);
    } else this.#view = this.#showNewChat(this.#shell);
    this.#shell.put(this.#view);
    this.#entitle();
    this.#view.focus();
  }

  /**
   * @param {string} chatId
   * @param {Shell} shell
   * @param {User} user
   */
  #showChat(chatId, shell, user) {
    const conversation = new Conversation({
      chatId,
      userId: user.id,
      api: this.#api,
      timers: browserTimers,
      newName,
      locks: navigator.locks,
      openChannel: openTabChannel,
      receiptsDue,
      onChange: () => view.update(),
      onEnd: () => void this.#refresh(),
    });
    const view = new ConversationView({
      conversation,
      chatId,
      timers: browserTimers,
      opener: shell.opener,
      onTitle: () => this.#entitle(),
    });
    this.#conversation = conversation;
    const first = this.#first;
    this.#first = undefined;
    if (first?.chatId === chatId) {
      conversation.begin(first);
      void view.ask(first.question, first.modelId);
    } else void conversation.load().catch((error) => warn(sentenceOf(error)));
    view.offer(this.#models);
    return view;
  }

  /** @param {Shell} shell */
  #showNewChat(shell) {
    const view = new NewChatView({
      opener: shell.opener,
      onBegin: (question, modelId) => this.#begin(question, modelId),
    });
    view.offer(this.#models, localStorage.getItem(MODEL_KEY) ?? '');
    return view;
  }

  /**
   * Makes a chat, and opens it with its first question.
   *
   * @param {string} question
   * @param {string} modelId
   */
  async #begin(question, modelId) {
    const title = firstTitle(question);
    localStorage.setItem(MODEL_KEY, modelId);
    const body = { title, source: 'web', ...(modelId === '' ? {} : { modelId }) };
    const { sessionId } = await this.#api.call('POST', '/api/chat/sessions', body);
    this.#first = { chatId: sessionId, title, question, modelId };
    location.hash = `#/chats/${encodeURIComponent(sessionId)}`;
    this.#others.tellChatsChanged();
    void this.#list?.load();
  }

  async #refresh() {
    const balance = this.#api.call('GET', '/api/credits/balance').catch(() => undefined);
    await this.#list?.load();
    this.#shell?.showCredit(await balance);
  }

  async #loadModels() {
    const { models } = await this.#api.call('GET', '/api/models').catch(() => ({ models: [] }));
    this.#models = models;
    if (this.#view instanceof ConversationView) this.#view.offer(models);
    else if (this.#view instanceof NewChatView)
      this.#view.offer(models, localStorage.getItem(MODEL_KEY) ?? '');
  }

  async #logOut() {
    try {
      await this.#api.logOut();
    } catch (error) {
      warn(sentenceOf(error));
      return;
    }
    this.#others.tellLoggedOut();
    location.hash = '#/';
    this.#loggedOut('');
    announce('You are logged out.');
  }

  /** @param {string} notice */
  #loggedOut(notice) {
    if (this.#user === undefined && this.#view !== undefined) return;
    this.#user = undefined;
    const view = new LoginView({
      api: this.#api,
      demo: this.#facts.demo,
      notice,
      onLoggedIn: (user) => {
        this.#others.tellLoggedIn();
        this.#enter(user);
      },
    });
    this.#put(view);
  }

  /** Shows a view that fills the page. @param {View} view */
  #put(view) {
    this.#view?.close();
    this.#reviewing?.close();
    this.#reviewing = undefined;
    this.#shell = undefined;
    this.#list = undefined;
    this.#conversation = undefined;
    this.#view = view;
    this.#place.replaceChildren(view.root);
    this.#entitle();
    view.focus();
  }

  /** @param {HTMLElement} root */
  #showBare(root) {
    this.#view?.close();
    this.#view = undefined;
    this.#shell = undefined;
    this.#place.replaceChildren(root);
  }

  #entitle() {
    const heading = this.#place.querySelector('h1')?.textContent ?? '';
    document.title = heading === '' ? 'Holdfast' : `${visibleText(heading)} · Holdfast`;
  }
}
