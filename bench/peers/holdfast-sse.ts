/** The real server with every safeguard on, and a model that speaks at a steady rate and costs next to nothing. */
import { parseArgs } from 'node:util';
import type {
  CompletionModel,
  CompletionPart,
  CompletionRequest,
} from '../../src/application/ports/streaming/completion-model.ts';
import { invariant } from '../../src/domain/invariant.ts';
import { loadConfig } from '../../src/main/config.ts';
import { serve } from '../../src/main/serve.ts';
import { MODEL_CATALOG, MODELS } from '../../src/main/tokens.ts';
import { Pacer } from '../support/pacer.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    config: text,
    data: text,
    'auth-port': text,
    'accounting-port': text,
    'chat-port': text,
    'ready-file': text,
    rate: text,
  },
});
const pacer = new Pacer(Number(values.rate));

const token: IteratorYieldResult<CompletionPart> = {
  done: false,
  value: { kind: 'delta', text: 'token ', tokens: 1 },
};

/** Says the same token at the pacer's rate until it is stopped; a generator would cost more than a token is worth. */
class SteadyWords implements AsyncIterableIterator<CompletionPart, undefined> {
  readonly #signal: AbortSignal;
  readonly #remove: () => void;
  #isDue = false;
  #waiting: PromiseWithResolvers<typeof token> | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#remove = pacer.add(() => {
      this.#isDue = true;
      this.#hand();
    });
    signal.addEventListener('abort', () => void this.return(), { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<typeof token> {
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#hand();
    return promise;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#remove();
    this.#waiting?.reject(this.#signal.reason);
    this.#waiting = undefined;
    return { done: true, value: undefined };
  }

  #hand(): void {
    if (!this.#isDue || this.#waiting === undefined) return;
    this.#isDue = false;
    this.#waiting.resolve(token);
    this.#waiting = undefined;
  }
}

class SteadyModel implements CompletionModel {
  stream({ signal }: CompletionRequest): AsyncIterable<CompletionPart> {
    return new SteadyWords(signal);
  }

  async countPromptTokens(): Promise<number> {
    return 10;
  }

  estimatePromptTokens(): number {
    return 10;
  }
}

const config = await loadConfig({
  flags: {
    demo: true,
    data: values.data,
    authPort: values['auth-port'],
    accountingPort: values['accounting-port'],
    chatPort: values['chat-port'],
    readyFile: values['ready-file'],
  },
  file: values.config,
});
const model = new SteadyModel();
process.exitCode = await serve(config, (container) => {
  container.rebind(MODELS).toConstantValue({ forModel: () => model });
  const [description] = container.get(MODEL_CATALOG).list();
  invariant(description !== undefined, 'there is a model');
  const endless = { ...description, maxOutputTokens: 500_000, contextTokens: 1_000_000 };
  const catalog = { list: () => [endless], find: () => endless, defaultModel: endless };
  container.rebind(MODEL_CATALOG).toConstantValue(catalog);
});
