import type { Passage } from './passages.ts';
import { countTokens } from './tokens.ts';

/** Fewest tokens of an answer, whatever was asked, unless the caller allows fewer. */
export const MIN_ANSWER_TOKENS = 400;

/** What every answer begins with: nobody shall take a look-up for a language model. */
export const HONEST_OPENING =
  "This is a retrieval from Holdfast's handbook, not a language model: it finds the passages that share " +
  'words with your question.';

const FOUND = 'Closest to your question:';
const NOT_FOUND = 'The handbook, which is in English, has nothing close to your question. In general:';
const MORE = 'Also from the handbook:';

/** The most passages that are called close to a question. */
const MAX_CLOSEST = 3;

/**
 * Writes the answer: the passages found, best first, and then the handbook's core, until it has
 * {@link MIN_ANSWER_TOKENS} tokens. Passages are never cut, and at most {@link MAX_CLOSEST} are called close.
 *
 * @param core passages to fill up with; they must amount to at least `MIN_ANSWER_TOKENS` tokens.
 */
export function composeAnswer(found: readonly Passage[], core: readonly Passage[]): string {
  const parts = [HONEST_OPENING, found.length === 0 ? NOT_FOUND : FOUND];
  let tokens = countTokens(parts.join('\n\n'));
  const shown = new Set<string>();
  const add = (passages: readonly Passage[]): void => {
    for (const passage of passages) {
      if (tokens >= MIN_ANSWER_TOKENS) return;
      if (shown.has(passage.id)) continue;
      shown.add(passage.id);
      const part = showPassage(passage);
      parts.push(part);
      tokens += countTokens(part);
    }
  };
  add(found.slice(0, MAX_CLOSEST));
  if (tokens < MIN_ANSWER_TOKENS && shown.size > 0) parts.push(MORE);
  add(found.slice(MAX_CLOSEST));
  add(core);
  return parts.join('\n\n');
}

/** Title of a document above a heading; a numbered one, a decision's, says what the heading is about and stays. */
const DOCUMENT_TITLE = /^(?!\d)[^›]+ › /;

function showPassage({ heading, source, text }: Passage): string {
  const shown = heading.replace(DOCUMENT_TITLE, '');
  return `${shown === '' ? `(${source})` : `▪ ${shown} (${source})`}\n\n${text}`;
}
