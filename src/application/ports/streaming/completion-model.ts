import type { MessageRole } from '../../../domain/streaming/chat-session.ts';

/** One message of a prompt. */
export interface PromptMessage {
  readonly role: MessageRole | 'system';
  readonly content: string;
}

/** One call of a model. */
export interface CompletionRequest {
  readonly modelId: string;
  readonly messages: readonly PromptMessage[];
  /** The upstream is told to stop there, and the caller stops there too. */
  readonly maxOutputTokens: number;
  readonly signal: AbortSignal;
}

/** What a model's stream yields: any number of deltas, then exactly one end. */
export type CompletionPart =
  | {
      readonly kind: 'delta';
      /** Text to show; empty for output that is paid for but not shown (reasoning). May end inside a surrogate pair. */
      readonly text: string;
      /** Output tokens of this delta on any channel, as the adapter counts them. */
      readonly tokens: number;
    }
  | {
      readonly kind: 'end';
      readonly finishReason: 'stop' | 'length';
      /** The upstream's own usage, when it gave a sane one; an explicit zero is usage. */
      readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
    };

/**
 * A language model. Calling `stream` sends the request; nothing is sent before.
 *
 * Abort closes the upstream's socket at once and makes the iteration throw the signal's reason.
 *
 * @throws DomainError `model.failed` or `model.too_slow`, before or between deltas, with the upstream's own
 *   words only in `internal`; `details.retryAfterMs` when the upstream asked to wait.
 */
export interface CompletionModel {
  stream(request: CompletionRequest): AsyncIterable<CompletionPart>;
  /**
   * Tokens of a prompt as this model's own tokenizer, or the best one at hand, counts them: what is charged
   * when the upstream gives no usage.
   */
  countPromptTokens(messages: readonly PromptMessage[]): Promise<number>;
  /** An upper bound of the prompt's tokens that needs no tokenizer: what a hold is sized by. */
  estimatePromptTokens(messages: readonly PromptMessage[]): number;
}

/** Finds the adapter that serves a model. */
export interface CompletionModels {
  /** @throws DomainError `model.not_found` when no adapter serves the id. */
  forModel(modelId: string): CompletionModel;
}
