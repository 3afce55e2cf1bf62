import type {
  CompletionModel,
  CompletionModels,
  CompletionPart,
  CompletionRequest,
  PromptMessage,
} from '../../src/application/ports/streaming/completion-model.ts';

/** One call of a scripted model, which a test answers part by part. */
export class ScriptedCall {
  readonly request: CompletionRequest;
  #parts: Array<CompletionPart | Error> = [];
  #wake: (() => void) | undefined;

  constructor(request: CompletionRequest) {
    this.request = request;
    request.signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  /** Whether the caller has closed the upstream. */
  get isAborted(): boolean {
    return this.request.signal.aborted;
  }

  /** Parts that nobody has taken yet. */
  get waiting(): number {
    return this.#parts.length;
  }

  /** Says pieces of text, one token each. */
  say(...texts: readonly string[]): void {
    for (const text of texts) this.push({ kind: 'delta', text, tokens: 1 });
  }

  /** Ends the answer in good order. */
  end(part: Partial<Extract<CompletionPart, { kind: 'end' }>> = {}): void {
    this.push({ kind: 'end', finishReason: 'stop', ...part });
  }

  push(part: CompletionPart | Error): void {
    this.#parts.push(part);
    this.#wake?.();
  }

  async *parts(): AsyncGenerator<CompletionPart> {
    for (;;) {
      const part = this.#parts.shift();
      if (this.isAborted) throw this.request.signal.reason;
      if (part instanceof Error) throw part;
      if (part !== undefined) {
        yield part;
        if (part.kind === 'end') return;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A model that says what a test tells it to; one token a word of the prompt. */
export class ScriptedModel implements CompletionModel, CompletionModels {
  readonly calls: ScriptedCall[] = [];
  /** Called with each new call, for models that answer by themselves. */
  onCall: (call: ScriptedCall) => void = () => undefined;

  forModel(): CompletionModel {
    return this;
  }

  async *stream(request: CompletionRequest): AsyncIterable<CompletionPart> {
    const call = new ScriptedCall(request);
    this.calls.push(call);
    this.onCall(call);
    yield* call.parts();
  }

  async countPromptTokens(messages: readonly PromptMessage[]): Promise<number> {
    return messages.reduce((tokens, { content }) => tokens + content.split(' ').length, 0);
  }

  estimatePromptTokens(messages: readonly PromptMessage[]): number {
    return messages.reduce((tokens, { content }) => tokens + content.length, 0);
  }

  /** The newest call. @throws when nobody has called. */
  get call(): ScriptedCall {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error('the model has not been asked');
    return call;
  }
}
