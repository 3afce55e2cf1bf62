import { announce } from '../dom/announcer.js';
import { confirm } from '../dom/dialogs.js';
import { el, show, write } from '../dom/element.js';
import { visibleText } from '../text/foreign-text.js';
import { sentenceOf, timeWords } from '../text/sentences.js';

/**
 * @typedef {object} Device
 * @property {string} id
 * @property {boolean} current
 * @property {string} kind
 * @property {string | null} device
 * @property {string | null} userAgent
 * @property {string | null} address
 * @property {string} createdAt
 * @property {string} lastUsedAt
 */

/** The devices that are logged in, and how to end their logins. */
export class DeviceList {
  #api;
  #list = el('ul', { class: 'devices', 'aria-busy': 'true' });
  #problem = el('p', { class: 'problem', role: 'alert' });
  #heading = el('h2', { id: 'devices-title', tabindex: '-1' }, 'Your devices');
  #endOthers = el(
    'button',
    { type: 'button', hidden: true, click: () => void this.#act(() => this.#endAllOthers()) },
    'Log out all other devices',
  );
  root = el(
    'section',
    { class: 'card', 'aria-labelledby': 'devices-title' },
    this.#heading,
    this.#problem,
    this.#list,
    this.#endOthers,
  );

  /** @param {import('../platform/api-client.js').ApiClient} api */
  constructor(api) {
    this.#api = api;
  }

  async load() {
    await this.#act(() => this.#fetch());
  }

  /** @param {() => Promise<unknown>} work */
  async #act(work) {
    write(this.#problem, '');
    try {
      await work();
    } catch (error) {
      write(this.#problem, sentenceOf(error));
    }
  }

  async #fetch() {
    /** @type {{ sessions: Device[] }} */
    const { sessions } = await this.#api.call('GET', '/api/auth/sessions');
    const sorted = [...sessions].sort((left, right) => Number(right.current) - Number(left.current));
    this.#list.replaceChildren(...sorted.map((device) => this.#row(device)));
    this.#list.removeAttribute('aria-busy');
    show(
      this.#endOthers,
      sorted.some(({ current }) => !current),
    );
  }

  async #endAllOthers() {
    const sure = await confirm({
      title: 'Log out all other devices?',
      text: 'Everything they read or write ends within a second. This device stays logged in.',
      act: 'Log them out',
    });
    if (!sure) return;
    await this.#api.call('POST', '/api/auth/sessions/end-others');
    await this.#fetch();
    this.#tell('All other devices are logged out.');
  }

  /** @param {Device} device */
  async #end(device) {
    await this.#api.call('DELETE', `/api/auth/sessions/${encodeURIComponent(device.id)}`);
    await this.#fetch();
    this.#tell(`${nameOf(device)} is logged out.`);
  }

  /** The button that was pressed has gone; the focus goes to what it was about. @param {string} text */
  #tell(text) {
    announce(text);
    this.#heading.focus();
  }

  /** @param {Device} device */
  #row(device) {
    const name = nameOf(device);
    const act = device.current
      ? el('span', { class: 'badge' }, 'This device')
      : el(
          'button',
          {
            type: 'button',
            'aria-label': `Log out ${name}`,
            click: () => void this.#act(() => this.#end(device)),
          },
          'Log out',
        );
    const use = `Last used ${timeWords(device.lastUsedAt)} · since ${timeWords(device.createdAt)}`;
    const address = visibleText(device.address ?? '');
    return el(
      'li',
      {},
      el(
        'div',
        {},
        el('p', { class: 'device' }, el('bdi', {}, name)),
        el('p', { class: 'quiet' }, use),
        address === '' ? undefined : el('p', { class: 'quiet' }, el('bdi', {}, address)),
      ),
      act,
    );
  }
}

/** @param {Device} device */
function nameOf({ device, userAgent, kind }) {
  const known = device ?? userAgent ?? '';
  if (known !== '') return visibleText(known);
  return kind === 'bearer' ? 'A program' : 'An unknown browser';
}
