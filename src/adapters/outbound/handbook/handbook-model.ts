import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  CompletionModel,
  CompletionPart,
  CompletionRequest,
  PromptMessage,
} from '../../../application/ports/streaming/completion-model.ts';
import { invariant } from '../../../domain/invariant.ts';
import { composeAnswer } from './compose-answer.ts';
import { CORE_TEXT } from './core-text.ts';
import { HandbookIndex } from './handbook-index.ts';
import { type Passage, splitPassages } from './passages.ts';
import { Pause } from './pause.ts';
import { readDocuments } from './read-documents.ts';
import type { Ticker } from './ticker.ts';
import { countTokens, splitTokens } from './tokens.ts';

/** Most tokens a stream yields before everybody else in the process has had his turn. */
const TOKENS_PER_TURN = 32;

interface Handbook {
  readonly core: readonly Passage[];
  readonly index: HandbookIndex;
}

/**
 * The built-in model: a full-text retrieval over Holdfast's own documents, streamed token by token. It is no
 * language model, and the first words of every answer say so. The same question gets the same answer, of at
 * least `MIN_ANSWER_TOKENS` tokens unless the caller allows fewer. Its tokens are those of its own tokenizer
 * and exact, so that a prompt's count and its estimate are equal.
 */
export class HandbookModel implements CompletionModel {
  readonly #ticker: Ticker;
  readonly #documentRoot: string;
  readonly #tokensPerSecond: number;
  #handbook: Promise<Handbook> | undefined;

  /**
   * @param deps.documentRoot the folder of `README.md` and `docs`; read when the first question comes.
   * @param deps.tokensPerSecond the pace; 0 is as fast as the reader takes it.
   */
  constructor(deps: { ticker: Ticker; documentRoot: string; tokensPerSecond: number }) {
    invariant(
      Number.isFinite(deps.tokensPerSecond) && deps.tokensPerSecond >= 0,
      `not a pace in tokens per second: ${deps.tokensPerSecond}`,
    );
    this.#ticker = deps.ticker;
    this.#documentRoot = deps.documentRoot;
    this.#tokensPerSecond = deps.tokensPerSecond;
  }

  async *stream(request: CompletionRequest): AsyncGenerator<CompletionPart> {
    const { messages, maxOutputTokens, signal } = request;
    signal.throwIfAborted();
    const { core, index } = await this.#open();
    const question = messages.findLast((message) => message.role === 'user')?.content ?? '';
    const tokens = splitTokens(composeAnswer(index.find(question), core));
    const allowed = tokens.slice(0, maxOutputTokens);
    yield* this.#paced(allowed, signal);
    yield {
      kind: 'end',
      finishReason: allowed.length < tokens.length ? 'length' : 'stop',
      usage: { inputTokens: this.estimatePromptTokens(messages), outputTokens: allowed.length },
    };
  }

  async countPromptTokens(messages: readonly PromptMessage[]): Promise<number> {
    return this.estimatePromptTokens(messages);
  }

  estimatePromptTokens(messages: readonly PromptMessage[]): number {
    return messages.reduce((sum, message) => sum + countTokens(message.content), 0);
  }

  /** A reading that failed is tried again by the next question. */
  #open(): Promise<Handbook> {
    this.#handbook ??= readHandbook(this.#documentRoot).catch((error: unknown) => {
      this.#handbook = undefined;
      throw error;
    });
    return this.#handbook;
  }

  /** Every token is due at a multiple of the interval since the start, so that lateness does not add up. */
  async *#paced(tokens: readonly string[], signal: AbortSignal): AsyncGenerator<CompletionPart> {
    const startMs = this.#ticker.nowMs();
    const intervalMs = this.#tokensPerSecond === 0 ? 0 : 1_000 / this.#tokensPerSecond;
    const pause = new Pause(this.#ticker, signal);
    let sinceTurn = 0;
    try {
      for (const [position, text] of tokens.entries()) {
        signal.throwIfAborted();
        const dueMs = startMs + position * intervalMs;
        if (dueMs > this.#ticker.nowMs()) {
          await pause.until(dueMs);
          sinceTurn = 0;
        } else if (sinceTurn === TOKENS_PER_TURN) {
          await nextTurn();
          signal.throwIfAborted();
          sinceTurn = 0;
        }
        sinceTurn += 1;
        yield { kind: 'delta', text, tokens: 1 };
      }
    } finally {
      pause.close();
    }
  }
}

async function readHandbook(documentRoot: string): Promise<Handbook> {
  const core = splitPassages('built-in', CORE_TEXT);
  return { core, index: new HandbookIndex([...(await readDocuments(documentRoot)), ...core]) };
}
