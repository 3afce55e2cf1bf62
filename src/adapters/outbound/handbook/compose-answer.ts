import type { Passage } from './passages.ts';
import { countTokens } from './tokens.ts';

/** Fewest tokens of an answer, whatever was asked, unless the caller allows fewer. */
export const MIN_ANSWER_TOKENS = 400;

/** What every answer begins with: nobody shall take a look-up for a language model. */
export const HONEST_OPENING =
  "This is a retrieval from Holdfast's handbook, not a language model: it finds the passages that share " +
  'words with your question and shows them as they are written.';

const FOUND = 'Closest to your question:';
const NOT_FOUND = 'No passage of the handbook shares a word with your question. In general:';
const MORE = 'Also from the handbook:';

/**
 * Writes the answer: the passages found, best first, and then the handbook's core, until it has
 * {@link MIN_ANSWER_TOKENS} tokens. Passages are never cut.
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
  add(found);
  if (tokens < MIN_ANSWER_TOKENS && shown.size > 0) parts.push(MORE);
  add(core);
  return parts.join('\n\n');
}

function showPassage({ heading, source, text }: Passage): string {
  return heading === '' ? `(${source})\n\n${text}` : `**${heading}** (${source})\n\n${text}`;
}
