import { visibleText } from '../text/foreign-text.js';
import { timeWords } from '../text/sentences.js';

/** @import { Review } from './review-feed.js' */

/** What an agent wants to call, as it says so. @param {Review} review @returns {Array<{ name: string, args: string }>} */
export const callsOf = ({ event }) =>
  listOf(event?.llm?.toolCalls).map((call) => ({ name: textOf(call.name), args: textOf(call.args) }));

/** The conversation that the model was shown. @param {Review} review @returns {Array<{ role: string, content: string }>} */
export const messagesOf = ({ event }) =>
  listOf(event?.llm?.messages).map(({ role, content }) => ({ role: textOf(role), content: textOf(content) }));

/** What the model said beside its calls. @param {Review} review */
export const outputOf = ({ event }) => textOf(event?.llm?.output);

/** What the model said to itself before, where its SDK tells. @param {Review} review */
export const reasoningOf = ({ event }) => textOf(event?.llm?.reasoning);

/** A review in a few words: what it wants. @param {Review} review */
export const wishOf = (review) => {
  const names = callsOf(review).map(({ name }) => oneLine(name));
  return names.length === 0 ? 'a tool' : [...new Set(names)].join(', ');
};

/**
 * Who asks: what its key says, and beside that what it calls itself where that is another name, so that no agent can
 * pass for another.
 *
 * @param {Review} review
 */
export function askerOf({ agentId, owner }) {
  const known = oneLine(owner.replace(/^agent:/, ''));
  const said = oneLine(agentId);
  return said === '' || said === known ? known : `${known} (calls itself ${said})`;
}

/** @param {Review} review */
export const askedWords = (review) => `The agent ${askerOf(review)} asks to use ${wishOf(review)}.`;

/**
 * @param {Review} review
 * @param {string} userId
 */
export function decidedWords(review, userId) {
  const { status } = review;
  if (status === 'expired') return `Nobody has answered the agent ${askerOf(review)} in time: it is stopped.`;
  return `What the agent ${askerOf(review)} asked is ${status}${byWhom(review, userId)}.`;
}

/**
 * How a review ended, for its row among those that are decided.
 *
 * @param {Review} review
 * @param {string} userId
 */
export function outcomeWords(review, userId) {
  const { status, resolvedAt = '' } = review;
  const time = resolvedAt === '' ? '' : `, ${timeWords(resolvedAt)}`;
  if (status === 'expired') return `Expired: nobody decided in time${time}`;
  return `${status === 'approved' ? 'Approved' : 'Rejected'}${byWhom(review, userId)}${time}`;
}

/**
 * @param {Review} review
 * @param {string} userId
 */
function byWhom({ resolvedBy, resolvedByName = resolvedBy }, userId) {
  if (resolvedBy === undefined) return ' by the server: too many questions were open';
  return resolvedBy === userId ? ' by you' : ` by ${visibleText(resolvedByName ?? '')}`;
}

/** Foreign text in one line. @param {string} text */
export const oneLine = (text) => visibleText(text).replaceAll(/\s+/g, ' ').trim();

/** @param {unknown} value */
const textOf = (value) => (typeof value === 'string' ? value : '');

/** @param {unknown} value @returns {any[]} */
const listOf = (value) =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
