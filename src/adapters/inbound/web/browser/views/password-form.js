import { el, write } from '../dom/element.js';
import { sentenceOf } from '../text/sentences.js';

/** Shortest and longest password, in characters; the server decides. */
const MIN_PASSWORD = 8;
const MAX_PASSWORD = 256;

/**
 * The form that changes one's password.
 *
 * @param {object} deps
 * @param {import('../platform/api-client.js').ApiClient} deps.api
 * @param {string} deps.username for password managers, which file a password under a name
 * @param {() => void} deps.onChanged
 */
export function passwordForm({ api, username, onChanged }) {
  const current = el('input', { type: 'password', autocomplete: 'current-password', required: true });
  const fresh = el('input', {
    type: 'password',
    autocomplete: 'new-password',
    required: true,
    minlength: MIN_PASSWORD,
    maxlength: MAX_PASSWORD,
    'aria-describedby': 'password-hint',
  });
  const problem = el('p', { class: 'problem', role: 'alert' });
  const submit = el('button', { class: 'primary' }, 'Change the password');

  /** @param {SubmitEvent} event */
  async function change(event) {
    event.preventDefault();
    submit.disabled = true;
    write(problem, '');
    try {
      const body = { currentPassword: current.value, newPassword: fresh.value };
      await api.call('POST', '/api/change-password', body);
      // The login has a new cookie and with it a new token.
      await api.session();
      current.value = '';
      fresh.value = '';
      onChanged();
    } catch (error) {
      write(problem, sentenceOf(error));
    } finally {
      submit.disabled = false;
    }
  }

  return el(
    'form',
    { method: 'post', submit: change },
    el('input', {
      class: 'unseen',
      name: 'username',
      autocomplete: 'username',
      value: username,
      tabindex: '-1',
      'aria-hidden': 'true',
      readonly: true,
    }),
    el('label', { class: 'field' }, el('span', {}, 'Current password'), current),
    el('label', { class: 'field' }, el('span', {}, 'New password'), fresh),
    el(
      'p',
      { class: 'quiet', id: 'password-hint' },
      `At least ${MIN_PASSWORD} characters; 15 are better. Your other devices are logged out.`,
    ),
    problem,
    submit,
  );
}
