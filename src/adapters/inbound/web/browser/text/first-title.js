/** Longest title that a chat gets from its first question, in characters. */
const MAX_FIRST_TITLE = 60;

/**
 * The title of a chat that begins with a question: its first line, cut where that is long.
 *
 * @param {string} question
 */
export function firstTitle(question) {
  const line = [...(question.split('\n')[0] ?? '')];
  return line.length > MAX_FIRST_TITLE ? `${line.slice(0, MAX_FIRST_TITLE - 1).join('')}…` : line.join('');
}
