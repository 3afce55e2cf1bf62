import { announce } from '../dom/announcer.js';
import { el } from '../dom/element.js';
import { visibleText } from '../text/foreign-text.js';
import { DeviceList } from './device-list.js';
import { passwordForm } from './password-form.js';

/** One's account: the devices that are logged in, the password, the way out. */
export class AccountView {
  #title = el('h1', { tabindex: '-1' }, 'Your account');
  root;

  /**
   * @param {object} deps
   * @param {import('../platform/api-client.js').ApiClient} deps.api
   * @param {import('../platform/api-client.js').User} deps.user
   * @param {HTMLElement} deps.opener the button that opens the list of chats where the screen is narrow
   * @param {() => void} deps.onLogOut
   */
  constructor({ api, user, opener, onLogOut }) {
    const devices = new DeviceList(api);
    const onChanged = () => {
      announce('Your password is changed; your other devices are logged out.');
      void devices.load();
    };
    const name = el('bdi', { class: 'strong' }, visibleText(user.username));
    const logOut = el('button', { type: 'button', class: 'link', click: onLogOut }, 'Log out');
    this.root = el(
      'main',
      { id: 'main', class: 'account' },
      el('header', { class: 'bar' }, opener, this.#title),
      el(
        'div',
        { class: 'column' },
        el('p', {}, 'You are logged in as ', name, '. ', logOut),
        devices.root,
        el(
          'section',
          { class: 'card', 'aria-labelledby': 'password-title' },
          el('h2', { id: 'password-title' }, 'Password'),
          passwordForm({ api, username: user.username, onChanged }),
        ),
      ),
    );
    void devices.load();
  }

  focus() {
    this.#title.focus();
  }

  close() {}
}
