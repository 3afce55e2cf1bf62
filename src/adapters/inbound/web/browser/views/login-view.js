import { el, show, write } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { sentenceOf } from '../text/sentences.js';

/** @typedef {{ username: string, password: string }} Account */

/** Shortest and longest password of a new account, in characters; the server decides. */
const MIN_PASSWORD = 8;
const MAX_PASSWORD = 256;

const COOKIE_LOST =
  'You are logged in, but this browser did not keep the cookie that says so. Over plain HTTP some browsers, Safari among them, keep no secure cookie: use another one, or serve with TLS.';

/** Logging in, and making an account. */
export class LoginView {
  #deps;
  #joining = false;
  #username = el('input', {
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    required: true,
  });
  #email = el('input', { name: 'email', type: 'email', autocomplete: 'email' });
  #password = el('input', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
    maxlength: MAX_PASSWORD,
  });
  #emailField = field('Email', this.#email);
  #problem = el('p', { class: 'problem', role: 'alert' });
  #submit = el('button', { class: 'primary wide' }, 'Log in');
  #heading = el('h1', {}, 'Log in');
  #toggle = el(
    'button',
    { type: 'button', class: 'link', click: () => this.#turn(!this.#joining) },
    'Make an account',
  );
  root;

  /**
   * @param {object} deps
   * @param {import('../platform/api-client.js').ApiClient} deps.api
   * @param {readonly Account[]} deps.demo accounts that everybody may use on this machine
   * @param {string} deps.notice why the page asks again, if it does
   * @param {(user: import('../platform/api-client.js').User) => void} deps.onLoggedIn
   */
  constructor(deps) {
    this.#deps = deps;
    show(this.#emailField, false);
    this.root = el(
      'main',
      { class: 'bare' },
      el('p', { class: 'brand' }, icon('anchor'), 'Holdfast'),
      this.#heading,
      deps.notice === '' ? undefined : el('p', { class: 'notice' }, deps.notice),
      el(
        'form',
        { method: 'post', submit: (/** @type {SubmitEvent} */ event) => void this.#enter(event) },
        field('Username', this.#username),
        this.#emailField,
        field('Password', this.#password),
        this.#problem,
        this.#submit,
      ),
      el('p', { class: 'aside' }, this.#toggle),
      demoHint(deps.demo, (account) => this.#fillIn(account)),
    );
  }

  focus() {
    this.#username.focus();
  }

  close() {}

  /** Between logging in and making an account. @param {boolean} joining */
  #turn(joining) {
    this.#joining = joining;
    write(this.#heading, joining ? 'Make an account' : 'Log in');
    write(this.#submit, joining ? 'Make the account' : 'Log in');
    write(this.#toggle, joining ? 'I have an account' : 'Make an account');
    write(this.#problem, '');
    show(this.#emailField, joining);
    this.#email.required = joining;
    this.#password.autocomplete = joining ? 'new-password' : 'current-password';
    if (joining) this.#password.minLength = MIN_PASSWORD;
    else this.#password.removeAttribute('minlength');
    this.#username.focus();
  }

  /** @param {Account} account */
  #fillIn({ username, password }) {
    this.#turn(false);
    this.#username.value = username;
    this.#password.value = password;
    this.#submit.focus();
  }

  /** @param {SubmitEvent} event */
  async #enter(event) {
    event.preventDefault();
    const { api, onLoggedIn } = this.#deps;
    const [username, password] = [this.#username.value, this.#password.value];
    this.#submit.disabled = true;
    write(this.#problem, '');
    try {
      if (this.#joining) {
        await api.call('POST', '/api/auth/signup', { username, email: this.#email.value, password });
      }
      const user = await api.logIn(username, password);
      if ((await api.session()) === undefined) write(this.#problem, COOKIE_LOST);
      else onLoggedIn(user);
    } catch (error) {
      write(this.#problem, sentenceOf(error));
      this.#password.select();
    } finally {
      this.#submit.disabled = false;
    }
  }
}

/**
 * @param {string} label
 * @param {HTMLElement} input
 */
const field = (label, input) => el('label', { class: 'field' }, el('span', {}, label), input);

/**
 * @param {readonly Account[]} demo
 * @param {(account: Account) => void} choose
 */
function demoHint(demo, choose) {
  if (demo.length === 0) return undefined;
  // The usual first visitor is a user; the list begins with the admin.
  const rows = [...demo].reverse().map((account) => {
    const label = `Fill in ${account.username}`;
    return el(
      'li',
      {},
      el('code', {}, account.username),
      el('code', {}, account.password),
      el('button', { type: 'button', 'aria-label': label, click: () => choose(account) }, 'Fill in'),
    );
  });
  return el(
    'section',
    { class: 'hint', 'aria-labelledby': 'demo-title' },
    el('h2', { id: 'demo-title' }, 'Your first visit?'),
    el('p', {}, 'This server runs on your machine with demo accounts. Nobody else can reach it.'),
    el('ul', { class: 'accounts' }, ...rows),
  );
}
