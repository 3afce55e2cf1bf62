/**
 * One event of a stream's log.
 *
 * @typedef {object} LogEvent
 * @property {number} offset its position in the chat, counted from 1 without gaps
 * @property {'session' | 'chunk' | 'done' | 'error'} type
 * @property {Readonly<Record<string, unknown>>} data
 */

/**
 * How an answer ended, in the words of its last event.
 *
 * @typedef {object} AnswerEnd
 * @property {'done' | 'error'} type
 * @property {string} code the reason why it finished, or the code of the error
 * @property {string} message
 * @property {number} tokensUsed
 * @property {number} creditsCharged in credits
 */

/**
 * An answer as far as it has come: what the events up to `cursor` say, and nothing else. It is plain data, so that
 * tabs can hand it to each other.
 *
 * @typedef {object} Answer
 * @property {string} streamId
 * @property {string} modelId
 * @property {number} cursor offset of the last event that is in it
 * @property {string} text
 * @property {AnswerEnd} [end]
 */

/**
 * Takes one event into an answer. The offset decides alone: an event that is in it already changes nothing, and one
 * that leaves something out is not taken.
 *
 * @param {Answer | undefined} answer
 * @param {LogEvent} event
 * @returns {{ kind: 'advanced', answer: Answer } | { kind: 'stale' } | { kind: 'gap' }}
 */
export function advance(answer, event) {
  if (answer !== undefined && event.offset <= answer.cursor) return { kind: 'stale' };
  if (event.type === 'session') {
    // A stream begins with this event, so nothing of it can be missing; what came before belongs to another one.
    if (answer !== undefined && answer.end === undefined && event.offset !== answer.cursor + 1)
      return { kind: 'gap' };
    return { kind: 'advanced', answer: begin(event) };
  }
  if (answer === undefined || answer.end !== undefined || event.offset !== answer.cursor + 1)
    return { kind: 'gap' };
  const next = { ...answer, cursor: event.offset };
  if (event.type === 'chunk')
    return { kind: 'advanced', answer: { ...next, text: answer.text + textIn(event.data.text) } };
  return { kind: 'advanced', answer: { ...next, end: endOf(event.type, event.data) } };
}

/**
 * The farther one of two tellings of a chat's answers.
 *
 * @param {Answer | undefined} mine
 * @param {Answer} theirs
 */
export const farther = (mine, theirs) => (mine === undefined || theirs.cursor > mine.cursor ? theirs : mine);

/**
 * @param {LogEvent} event
 * @returns {Answer}
 */
const begin = ({ offset, data }) => ({
  streamId: textIn(data.streamingSessionId),
  modelId: textIn(data.modelId),
  cursor: offset,
  text: '',
});

/**
 * @param {'done' | 'error'} type
 * @param {Readonly<Record<string, unknown>>} data
 * @returns {AnswerEnd}
 */
const endOf = (type, data) => ({
  type,
  code: textIn(type === 'done' ? data.finishReason : data.code),
  message: textIn(data.message),
  tokensUsed: numberIn(data.tokensUsed),
  creditsCharged: numberIn(data.creditsCharged),
});

/** @param {unknown} value */
const textIn = (value) => (typeof value === 'string' ? value : '');
/** @param {unknown} value */
const numberIn = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
