import { el } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { passwordForm } from './password-form.js';

/**
 * What somebody sees whose password the server chose: nothing else is open to him until he has chosen one.
 *
 * @param {object} deps
 * @param {import('../platform/api-client.js').ApiClient} deps.api
 * @param {import('../platform/api-client.js').User} deps.user
 * @param {() => void} deps.onChanged
 * @param {() => void} deps.onLogOut
 */
export function firstPasswordView({ api, user, onChanged, onLogOut }) {
  const form = passwordForm({ api, username: user.username, onChanged });
  const root = el(
    'main',
    { class: 'bare' },
    el('p', { class: 'brand' }, icon('anchor'), 'Holdfast'),
    el('h1', { tabindex: '-1' }, 'Choose a password'),
    el(
      'p',
      { class: 'notice' },
      'The one you have was made by the server and lapses soon. Everything else opens once you have your own.',
    ),
    form,
    el('p', { class: 'aside' }, el('button', { type: 'button', class: 'link', click: onLogOut }, 'Log out')),
  );
  return { root, focus: () => root.querySelector('h1')?.focus(), close: () => undefined };
}
