/**
 * Makes an element. Text goes in as text: nothing here, and nothing in the page, makes markup of a string.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | boolean | number | undefined | ((event: any) => void)>>} [attributes]
 *   a function listens to the event of its name; true is an attribute without a value; false and undefined are none
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/**
 * Takes an element out of what is shown, or puts it back.
 *
 * @param {HTMLElement} element
 * @param {boolean} shown
 */
export const show = (element, shown) => {
  if (element.hidden === shown) element.hidden = !shown;
};

/**
 * Writes a text where it differs, so that nothing is announced or selected anew.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
export const write = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
