import { el } from './element.js';

/** What a dialog was left with, told by the button. */
const AGREED = 'agreed';

/**
 * Asks whether something that cannot be undone shall be done.
 *
 * @param {{ title: string, text: string, act: string }} words
 * @returns {Promise<boolean>}
 */
export async function confirm({ title, text, act }) {
  const dialog = dialogOf(title, [el('p', {}, text)], el('button', { class: 'danger', value: AGREED }, act));
  return (await outcomeOf(dialog)) === AGREED;
}

/**
 * Asks for a line of text.
 *
 * @param {{ title: string, label: string, value: string, most: number, act: string }} words
 * @returns {Promise<string | undefined>} undefined when nothing shall be changed
 */
export async function askText({ title, label, value, most, act }) {
  const input = el('input', {
    type: 'text',
    value,
    maxlength: most,
    required: true,
    autocomplete: 'off',
    dir: 'auto',
  });
  const dialog = dialogOf(
    title,
    [el('label', { class: 'field' }, el('span', {}, label), input)],
    el('button', { class: 'primary', value: AGREED }, act),
  );
  const outcome = outcomeOf(dialog);
  input.select();
  if ((await outcome) !== AGREED) return undefined;
  const text = input.value.trim();
  return text === '' || text === value ? undefined : text;
}

/**
 * @param {string} title
 * @param {HTMLElement[]} content
 * @param {HTMLButtonElement} act
 */
function dialogOf(title, content, act) {
  const heading = el('h2', { id: 'dialog-title' }, title);
  const cancel = el('button', { type: 'button', click: () => dialog.close() }, 'Cancel');
  const form = el(
    'form',
    { method: 'dialog' },
    heading,
    ...content,
    el('div', { class: 'buttons' }, cancel, act),
  );
  const dialog = el('dialog', { 'aria-labelledby': 'dialog-title' }, form);
  return dialog;
}

/**
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>}
 */
function outcomeOf(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      resolve(dialog.returnValue);
    });
  });
}
