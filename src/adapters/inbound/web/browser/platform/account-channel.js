import { openTabChannel } from './tab-channel.js';

/**
 * What tabs tell each other about the login and the list of chats.
 *
 * @typedef {'logged-out' | 'logged-in' | 'chats-changed'} AccountNews
 */

/** Keeps the tabs of one browser of one mind about who is logged in. */
export class AccountChannel {
  /** @type {ReturnType<typeof openTabChannel<AccountNews>>} */
  #channel = openTabChannel('holdfast');

  /** @param {{ onLoggedOut: () => void, onLoggedIn: () => void, onChatsChanged: () => void }} deps */
  constructor({ onLoggedOut, onLoggedIn, onChatsChanged }) {
    this.#channel.listen((news) => {
      if (news === 'logged-out') onLoggedOut();
      else if (news === 'logged-in') onLoggedIn();
      else onChatsChanged();
    });
  }

  tellLoggedOut() {
    this.#channel.post('logged-out');
  }

  tellLoggedIn() {
    this.#channel.post('logged-in');
  }

  tellChatsChanged() {
    this.#channel.post('chats-changed');
  }
}
