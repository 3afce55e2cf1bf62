import type { Clock } from '../../../application/ports/clock.ts';
import type { Log } from '../../../application/ports/log.ts';
import type {
  CompletionModel,
  CompletionPart,
  CompletionRequest,
  PromptMessage,
} from '../../../application/ports/streaming/completion-model.ts';
import type { Timers } from '../../../application/ports/timers.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import { type CompletionChunk, type ReportedUsage, readChunk } from './completion-chunk.ts';
import { UpstreamCall } from './upstream-call.ts';
import { UpstreamEndpoint } from './upstream-endpoint.ts';
import { modelFailed } from './upstream-failure.ts';
import { UPSTREAM_LIMITS, type UpstreamLimits, type UpstreamSettings } from './upstream-settings.ts';

/** Counts tokens where the upstream does not. */
export interface TokenCounter {
  count(text: string): Promise<number>;
  countMessages(messages: readonly PromptMessage[]): Promise<number>;
  /** An upper bound that needs no tokenizer. */
  estimateMessages(messages: readonly PromptMessage[]): number;
}

/** What follows the last token of a stream. */
interface Ending {
  finishReason?: 'stop' | 'length';
  usage?: ReportedUsage;
}

const END_OF_STREAM = '[DONE]';

/** One model of an OpenAI-compatible server: OpenAI, vLLM, llama.cpp, Ollama. The request is sent with the first read. */
export class OpenAiCompletionModel implements CompletionModel {
  readonly #settings: UpstreamSettings;
  readonly #endpoint: UpstreamEndpoint;
  readonly #limits: UpstreamLimits;
  readonly #tokens: TokenCounter;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #log: Log;

  /** @throws TypeError when the URL or the key is not of its form. */
  constructor(
    deps: { tokens: TokenCounter; clock: Clock; timers: Timers; log: Log },
    settings: UpstreamSettings,
    limits: UpstreamLimits = UPSTREAM_LIMITS,
  ) {
    this.#settings = settings;
    this.#endpoint = new UpstreamEndpoint(settings);
    this.#limits = limits;
    this.#tokens = deps.tokens;
    this.#clock = deps.clock;
    this.#timers = deps.timers;
    this.#log = deps.log;
  }

  async *stream(request: CompletionRequest): AsyncGenerator<CompletionPart> {
    request.signal.throwIfAborted();
    const call = new UpstreamCall(
      { endpoint: this.#endpoint, limits: this.#limits, clock: this.#clock, timers: this.#timers },
      this.#bodyOf(request),
      request.signal,
    );
    const ending: Ending = {};
    try {
      yield* this.#parts(call, ending, request.signal);
    } catch (error) {
      throw request.signal.aborted ? error : this.#withoutKey(error);
    } finally {
      call.close();
    }
    const usage = this.#saneUsage(ending.usage, request);
    yield {
      kind: 'end',
      finishReason: ending.finishReason ?? 'stop',
      ...(usage === undefined ? {} : { usage }),
    };
  }

  countPromptTokens(messages: readonly PromptMessage[]): Promise<number> {
    return this.#tokens.countMessages(messages);
  }

  estimatePromptTokens(messages: readonly PromptMessage[]): number {
    return this.#tokens.estimateMessages(messages);
  }

  /** A failure after the last token costs only the usage: the answer is whole. */
  async *#parts(call: UpstreamCall, ending: Ending, signal: AbortSignal): AsyncGenerator<CompletionPart> {
    try {
      for await (const data of call.events()) {
        signal.throwIfAborted();
        if (data === END_OF_STREAM) return;
        const chunk = readChunk(data);
        if (chunk.usage !== undefined) ending.usage = chunk.usage;
        for (const [text, paid] of outputsOf(chunk)) {
          call.talks();
          const tokens = await this.#tokens.count(paid);
          signal.throwIfAborted();
          yield { kind: 'delta', text, tokens };
        }
        if (chunk.finishReason === undefined || ending.finishReason !== undefined) continue;
        ending.finishReason = chunk.finishReason;
        call.finishes();
      }
    } catch (error) {
      if (signal.aborted || ending.finishReason === undefined) throw error;
      return;
    }
    if (ending.finishReason === undefined) throw modelFailed({ reason: 'ended without an end' });
  }

  #bodyOf({ messages, maxOutputTokens }: CompletionRequest): string {
    return JSON.stringify({
      model: this.#settings.model,
      messages: messages.map(({ role, content }) => ({ role, content: content.toWellFormed() })),
      stream: true,
      stream_options: { include_usage: true },
      [this.#endpoint.maxTokensField]: maxOutputTokens,
    });
  }

  /** Usage beyond what the request could have cost at most is no usage. */
  #saneUsage(usage: ReportedUsage | undefined, request: CompletionRequest): ReportedUsage | undefined {
    if (usage === undefined) return undefined;
    const most = this.estimatePromptTokens(request.messages) + request.maxOutputTokens;
    if (usage.inputTokens + usage.outputTokens <= most) return usage;
    this.#log.warn({ modelId: request.modelId, ...usage, most }, 'The upstream reported an impossible usage');
    return undefined;
  }

  /** Some servers repeat the key that they refuse. */
  #withoutKey(error: unknown): unknown {
    const { apiKey } = this.#settings;
    if (apiKey === undefined || !(error instanceof DomainError)) return error;
    const internal = Object.fromEntries(
      Object.entries(error.details.internal ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.replaceAll(apiKey, '[key]') : value,
      ]),
    );
    return new DomainError(error.code, error.message, { ...error.details, internal });
  }
}

/** What a chunk shows, and what of it is paid for: reasoning is paid for and not shown. */
const outputsOf = ({ text, reasoning }: CompletionChunk): ReadonlyArray<readonly [string, string]> =>
  (
    [
      ['', reasoning],
      [text, text],
    ] as const
  ).filter(([, paid]) => paid !== '');
