import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PromptMessage } from '../../../application/ports/streaming/completion-model.ts';

/** Tokens that a chat template adds around one message, at most: role, separators, line ends. */
export const MESSAGE_OVERHEAD_TOKENS = 16;
/** Tokens that a chat template adds around the whole prompt, at most. */
export const PROMPT_OVERHEAD_TOKENS = 64;

/** Longest text that is tokenized in one turn of the event loop, in code points. */
const SLICE_LENGTH = 2_048;
/**
 * Longest run without white space that is tokenized as one, in code points. Merging byte pairs takes
 * time with the square of a run's length: 256 KiB of letters take more than a minute.
 */
const MAX_RUN_LENGTH = 256;

const LONG_RUN = new RegExp(`[^\\s]{${MAX_RUN_LENGTH + 1}}|\\s{${MAX_RUN_LENGTH + 1}}`, 'u');
const RUN = new RegExp(`[^]{1,${MAX_RUN_LENGTH}}`, 'gu');
const SLICE = new RegExp(`[^]{1,${SLICE_LENGTH}}`, 'gu');

type Count = (text: string) => number;

/**
 * Counts tokens with the `o200k_base` vocabulary. For models of another vocabulary it is the best count at
 * hand. The vocabulary takes about 200 ms to load and is loaded on first use. A text that names a special
 * token, such as `<|endoftext|>`, is text like any other.
 */
export class GptTokenCounter {
  #loading: Promise<Count> | undefined;

  /** Tokens of a text; of a text with very long words a few more, because those are counted in pieces. */
  async count(text: string): Promise<number> {
    if (text === '') return 0;
    const count = await this.#load();
    let tokens = 0;
    for (const [position, slice] of (text.match(SLICE) ?? []).entries()) {
      if (position > 0) await nextTurn();
      tokens += countSlice(count, slice);
    }
    return tokens;
  }

  /** Tokens of a prompt: those of its messages and the template's overhead for each. */
  async countMessages(messages: readonly PromptMessage[]): Promise<number> {
    let tokens = 0;
    for (const { content } of messages) tokens += (await this.count(content)) + MESSAGE_OVERHEAD_TOKENS;
    return tokens + PROMPT_OVERHEAD_TOKENS;
  }

  /**
   * An upper bound of {@link countMessages} that needs no vocabulary: no token of a byte-level vocabulary is
   * shorter than one byte. The longer of the text and its NFKC form counts, because tokenizers differ in
   * whether they normalize.
   */
  estimateMessages(messages: readonly PromptMessage[]): number {
    return messages.reduce(
      (sum, { content }) =>
        sum +
        Math.max(Buffer.byteLength(content), Buffer.byteLength(content.normalize('NFKC'))) +
        MESSAGE_OVERHEAD_TOKENS,
      PROMPT_OVERHEAD_TOKENS,
    );
  }

  #load(): Promise<Count> {
    this.#loading ??= import('gpt-tokenizer/encoding/o200k_base').then(({ countTokens }) => {
      const plain = { disallowedSpecial: new Set<string>() };
      return (text) => countTokens(text, plain);
    });
    return this.#loading;
  }
}

function countSlice(count: Count, slice: string): number {
  if (!LONG_RUN.test(slice)) return count(slice);
  return (slice.match(RUN) ?? []).reduce((sum, run) => sum + count(run), 0);
}
