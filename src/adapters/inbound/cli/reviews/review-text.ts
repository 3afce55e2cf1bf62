import type { Json } from '../client/json.ts';
import { safeText } from '../client/safe-text.ts';

/** Most characters of one foreign text that are shown; where there are more, it is said. */
const MAX_SHOWN_CHARACTERS = 20_000;
/** Width of the words before the facts. */
const LABEL_WIDTH = 10;

/** One word of somebody else's, which cannot begin a line or move the cursor. */
const word = (text: string | undefined): string => safeText(text ?? '').replaceAll('\n', '\\u{a}') || '-';

/** A review in one line: `id  status  time  code  agent  session  what it wants`. */
export function reviewLine(review: Json): string {
  const calls = review.at('event').at('llm').at('toolCalls').items();
  const wants = calls.map((call) => word(call.text('name'))).join(', ');
  return [
    word(review.text('id')),
    word(review.text('status')).padEnd('approved'.length),
    word(review.text('createdAt')),
    word(review.text('madCode') || 'error').padEnd('M4.a'.length),
    agentOf(review),
    word(review.text('sessionId')),
    wants || '-',
  ].join('  ');
}

/**
 * A review as somebody reads it who decides about it: what the agent wants to do in full, then why it is asked. Every
 * line of foreign text stands behind a bar, so that none can pass for the command's own.
 */
export function reviewText(review: Json, whole = false): string {
  const llm = review.at('event').at('llm');
  const calls = llm.at('toolCalls').items();
  const messages = llm.at('messages').items();
  return [
    `${word(review.text('id'))}  ${word(review.text('madCode') || 'not classified')}  ${word(review.text('status'))}`,
    fact('agent', `${agentOf(review)}, key of ${word(review.text('owner'))}`),
    fact('session', word(review.text('sessionId'))),
    fact('asked', `${word(review.text('createdAt'))}, to be answered by ${word(review.text('deadlineAt'))}`),
    fact('why', reasonOf(review)),
    ...calls.flatMap((call) => [fact('wants', word(call.text('name'))), bars(call.text('args') ?? '')]),
    ...(llm.text('output') ? [fact('says', ''), bars(llm.text('output') ?? '')] : []),
    ...(llm.text('reasoning') ? [fact('thought', ''), bars(llm.text('reasoning') ?? '')] : []),
    ...(whole
      ? messages.flatMap((message) => [
          fact('message', `of ${word(message.text('role'))}`),
          bars(message.text('content') ?? ''),
        ])
      : [
          fact('before it', `${messages.length} messages (holdfast reviews show ${word(review.text('id'))})`),
        ]),
    ...resolutionOf(review),
  ].join('\n');
}

/** Who decided what, and why. */
export const resolutionText = (review: Json): string =>
  `${word(review.text('status'))} by ${word(review.text('resolvedByName') ?? review.text('resolvedBy') ?? 'the server, in nobody’s stead')}`;

function resolutionOf(review: Json): string[] {
  if (review.text('status') === 'pending') return [];
  const comment = review.text('comment');
  return [
    fact('decided', `${resolutionText(review)}, ${word(review.text('resolvedAt'))}`),
    ...(comment === undefined ? [] : [fact('comment', ''), bars(comment)]),
  ];
}

const fact = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}`.trimEnd();

/** What the agent's key says it is, and beside that what it calls itself: no agent can pass for another. */
function agentOf(review: Json): string {
  const known = word(review.text('owner')?.replace(/^agent:/, ''));
  const said = review.text('agentId') ?? '';
  return said === '' || word(said) === known ? known : `${known} (calls itself ${word(said)})`;
}

function reasonOf(review: Json): string {
  const finding = word(review.text('finding'));
  const rule = review.text('rule');
  const said = rule === undefined ? finding : `${finding} (${word(rule)})`;
  return review.text('reason') === 'classifier_error' ? `it could not be classified: ${said}` : said;
}

function bars(text: string): string {
  const shown = text.slice(0, MAX_SHOWN_CHARACTERS).toWellFormed();
  const lines = shown.split('\n').map((line) => `    | ${safeText(line)}`);
  const missing = text.length - shown.length;
  return [
    ...lines,
    ...(missing > 0 ? [`    … and ${missing} characters more, which --json shows`] : []),
  ].join('\n');
}
