import { ApiProblem } from '../platform/api-client.js';

/** @import { AnswerEnd } from '../streaming/answer.js' */

/**
 * What went wrong, and what can be done about it, as a sentence.
 *
 * @param {unknown} error
 */
export function sentenceOf(error) {
  if (!(error instanceof ApiProblem)) return 'The page made a mistake. Load it again; nothing is lost.';
  const said = error.message.replace(/\.?$/, '.');
  if (error.status === 402)
    return 'You have not enough credit for this question. Ask an administrator for more.';
  if (error.code === 'stream.already_active')
    return 'An answer is running in this chat already. Wait for it, or stop it.';
  if (error.status === 429 || error.status === 503) {
    const seconds = Math.ceil(error.retryAfterMs / 1000);
    return seconds > 1 ? `${said} Try again in ${seconds} seconds.` : `${said} Try again in a moment.`;
  }
  return said;
}

/** @type {Readonly<Record<string, string>>} */
const ENDINGS = {
  stop: 'Complete',
  length: 'Cut off at the greatest length of an answer',
  credit: 'Cut off where your credit ended',
  stopped: 'Stopped',
  deadline: 'Cut off: nobody had been reading for a while',
  'stream.interrupted':
    'Broke off, because the server was interrupted. What came is kept; the rest costs nothing',
  'model.failed': 'The model failed',
  'model.too_slow': 'The model was too slow',
};

/**
 * How an answer ended, and what it cost.
 *
 * @param {AnswerEnd} end
 */
export function endingOf({ code, message, tokensUsed, creditsCharged }) {
  const how = ENDINGS[code] ?? message;
  return `${how} · ${tokensUsed} tokens · ${credits(creditsCharged)}`;
}

/**
 * How an answer that is kept ended, where that is worth a word.
 *
 * @param {string | undefined} state
 */
export function keptEndingOf(state) {
  if (state === 'stopped') return 'Stopped';
  if (state === 'interrupted') return 'Broke off, because the server was interrupted';
  return state === 'failed' ? 'The model failed' : '';
}

const RECEIPTS = new Map([
  ['exact', 'received in full'],
  ['partial', 'received in part'],
  ['stopped', 'stopped by its reader'],
]);

/** @param {string | undefined} receipt what the server called the receipt */
export const receiptWords = (receipt) =>
  receipt === undefined ? '' : ` · ${RECEIPTS.get(receipt) ?? 'received'}`;

/** @param {number} amount in credits, which have at most six places */
export const credits = (amount) =>
  `${new Intl.NumberFormat('en', { maximumFractionDigits: 6 }).format(amount)} ${amount === 1 ? 'credit' : 'credits'}`;

/** @param {string} iso a time as the server writes it */
export const timeWords = (iso) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
