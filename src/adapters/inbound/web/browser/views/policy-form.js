import { announce } from '../dom/announcer.js';
import { askText } from '../dom/dialogs.js';
import { el, show, write } from '../dom/element.js';
import { oneLine } from '../reviews/review-words.js';
import { sentenceOf } from '../text/sentences.js';

/**
 * @typedef {object} Policy
 * @property {'alert' | 'hitl' | 'block'} mode
 * @property {boolean} m0
 * @property {boolean} m2
 * @property {boolean} m3
 * @property {boolean} m4
 * @property {boolean} failClosedOnClassifierError
 */

const AT = '/api/settings/policy';
/** Longest name of an agent, in characters. */
const MAX_AGENT = 256;

/** @type {ReadonlyArray<[Policy['mode'], string, string]>} */
const MODES = [
  ['alert', 'Alert', 'Every event is kept and shown here; nobody is stopped.'],
  ['hitl', 'Ask a person', 'An agent waits for a decision before it does what the codes below name.'],
  ['block', 'Block', 'An agent stops by itself where the codes below say so.'],
];
/** @type {ReadonlyArray<['m0' | 'm2' | 'm3' | 'm4', string]>} */
const CODES = [
  ['m4', 'M4: dangerous, hard to undo'],
  ['m3', 'M3: dangerous'],
  ['m2', 'M2: worth telling'],
  ['m0', 'M0: harmless'],
];

/** What becomes of what agents do, of all of them or of one. */
export class PolicyForm {
  #deps;
  #whose = el('select', { id: 'policy-whose', change: () => void this.#act(() => this.#showChosen()) });
  #modes = MODES.map(([mode]) =>
    el('input', { type: 'radio', name: 'mode', value: mode, id: `mode-${mode}` }),
  );
  #codes = CODES.map(([code]) => el('input', { type: 'checkbox', id: `code-${code}` }));
  #failClosed = el('input', { type: 'checkbox', id: 'fail-closed' });
  #problem = el('p', { class: 'problem', role: 'alert' });
  #save = el('button', { class: 'primary' }, 'Save the policy');
  #own = el(
    'button',
    { type: 'button', click: () => void this.#act(() => this.#giveOwn()) },
    'A policy for one agent',
  );
  #drop = el(
    'button',
    { type: 'button', hidden: true, click: () => void this.#act(() => this.#dropOwn()) },
    'Go by the policy of all again',
  );
  #fields;
  root;

  /** @param {{ api: import('../platform/api-client.js').ApiClient, mayChange: boolean }} deps */
  constructor(deps) {
    this.#deps = deps;
    const { mayChange } = deps;
    this.#fields = [
      el(
        'fieldset',
        { disabled: !mayChange },
        el('legend', {}, 'What happens'),
        ...MODES.map(([mode, name, words], index) => choice(this.#modes[index], `mode-${mode}`, name, words)),
      ),
      el(
        'fieldset',
        { disabled: !mayChange },
        el('legend', {}, 'For which codes'),
        ...CODES.map(([code, name], index) => choice(this.#codes[index], `code-${code}`, name)),
        choice(this.#failClosed, 'fail-closed', 'What cannot be classified counts as dangerous'),
      ),
    ];
    this.root = el(
      'section',
      { class: 'card policy', 'aria-labelledby': 'policy-title' },
      el('h2', { id: 'policy-title' }, 'Policy'),
      el(
        'form',
        {
          submit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            void this.#act(() => this.#write());
          },
        },
        el('label', { class: 'field' }, el('span', {}, 'Of'), this.#whose),
        ...this.#fields,
        this.#problem,
        mayChange
          ? el('div', { class: 'buttons' }, this.#own, this.#drop, this.#save)
          : el('p', { class: 'quiet' }, 'An admin can change it.'),
      ),
    );
  }

  async load() {
    await this.#act(() => this.#fetch(''));
  }

  /** @param {() => Promise<void>} work */
  async #act(work) {
    write(this.#problem, '');
    try {
      await work();
    } catch (error) {
      write(this.#problem, sentenceOf(error));
    }
  }

  /** @param {string} chosen the agent whose policy is to be shown; empty for all */
  async #fetch(chosen) {
    const policy = await this.#deps.api.call('GET', AT);
    /** @type {string[]} */
    const agents = policy.agents;
    const names = chosen === '' || agents.includes(chosen) ? agents : [...agents, chosen];
    this.#whose.replaceChildren(
      el('option', { value: '' }, 'All agents'),
      ...names.map((agent) => el('option', { value: agent }, oneLine(agent))),
    );
    this.#whose.value = chosen;
    if (chosen === '') this.#fill(policy, false);
    else await this.#showChosen();
  }

  async #showChosen() {
    const policy = await this.#deps.api.call('GET', this.#path());
    this.#fill(policy, policy.isOwn === true);
  }

  async #write() {
    const agent = this.#whose.value;
    await this.#deps.api.call('PUT', this.#path(), this.#read());
    announce(
      agent === '' ? 'The policy of all agents is saved.' : `The policy of ${oneLine(agent)} is saved.`,
    );
    await this.#fetch(agent);
  }

  async #giveOwn() {
    const agent = await askText({
      title: 'A policy for one agent',
      label: 'Agent, as its key names it',
      value: '',
      most: MAX_AGENT,
      act: 'Go on',
    });
    if (agent === undefined) return;
    await this.#fetch(agent);
    this.#whose.focus();
  }

  async #dropOwn() {
    const agent = this.#whose.value;
    await this.#deps.api.call('DELETE', this.#path());
    announce(`${oneLine(agent)} goes by the policy of all agents again.`);
    await this.#fetch('');
    this.#whose.focus();
  }

  #path() {
    const agent = this.#whose.value;
    return agent === '' ? AT : `${AT}/agents/${encodeURIComponent(agent)}`;
  }

  /**
   * @param {Policy} policy
   * @param {boolean} isOwn
   */
  #fill(policy, isOwn) {
    for (const input of this.#modes) input.checked = input.value === policy.mode;
    for (const [index, [code]] of CODES.entries()) {
      const input = this.#codes[index];
      if (input !== undefined) input.checked = policy[code];
    }
    this.#failClosed.checked = policy.failClosedOnClassifierError;
    show(this.#drop, isOwn);
  }

  /** @returns {Policy} */
  #read() {
    const mode = this.#modes.find(({ checked }) => checked)?.value ?? 'alert';
    const codes = Object.fromEntries(
      CODES.map(([code], index) => [code, this.#codes[index]?.checked === true]),
    );
    return /** @type {Policy} */ ({
      mode,
      ...codes,
      failClosedOnClassifierError: this.#failClosed.checked,
    });
  }
}

/**
 * @param {HTMLInputElement | undefined} input
 * @param {string} id
 * @param {string} name
 * @param {string} [words]
 */
const choice = (input, id, name, words) =>
  el(
    'p',
    { class: 'choice' },
    input,
    el('label', { for: id }, name, words === undefined ? undefined : el('span', { class: 'quiet' }, words)),
  );
