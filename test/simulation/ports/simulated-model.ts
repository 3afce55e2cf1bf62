import type {
  CompletionModel,
  CompletionModels,
  CompletionPart,
  CompletionRequest,
  PromptMessage,
} from '../../../src/application/ports/streaming/completion-model.ts';
import type {
  ModelCatalog,
  ModelDescription,
} from '../../../src/application/ports/streaming/model-catalog.ts';
import { micros } from '../../../src/domain/accounting/credits.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';

/** The one model of a run; its price divides nothing evenly. */
export const MODEL: ModelDescription = {
  id: 'simulated',
  name: 'Simulated',
  description: 'Says what the seed tells it to',
  capabilities: ['general'],
  priceMicrosPer1000: micros(7_777),
  maxOutputTokens: 300,
  contextTokens: 8_000,
  available: true,
};

/** What is offered in a run. */
export const CATALOG: ModelCatalog = { list: () => [MODEL], find: () => MODEL, defaultModel: MODEL };

/** Most deltas of one answer. */
const MOST_DELTAS = 12;
const TEXTS = [
  'Yes',
  ', and ',
  'no',
  ' – ',
  'ü',
  '\ud83d',
  '\ude00',
  '𝄞',
  '\n',
  'word ',
  'longer words than that ',
];

/** Longest silence between two words of a model that talks on, in milliseconds. */
const LONGEST_BETWEEN_WORDS_MS = 80;

/** How the models of a run talk, as it is now. */
export interface Manner {
  /** Longest silence between two pieces, in milliseconds. */
  readonly longestSilenceMs: number;
  readonly talksOn: boolean;
}

type Step = { readonly afterMs: number; readonly part: CompletionPart | DomainError };

/** Told of every call, and of every token that a node has got from one. */
export interface ModelWatch {
  called(by: SimulatedProcess, request: CompletionRequest): { took(tokens: number): void };
}

/** Models as one process has them: pieces, silences and failures by the seed. */
export class SimulatedModel implements CompletionModel, CompletionModels {
  readonly #process: SimulatedProcess;
  readonly #random: SeededRandom;
  readonly #watch: ModelWatch;
  readonly #manner: Manner;

  constructor(process: SimulatedProcess, random: SeededRandom, watch: ModelWatch, manner: Manner) {
    this.#process = process;
    this.#random = random;
    this.#watch = watch;
    this.#manner = manner;
  }

  forModel(): CompletionModel {
    return this;
  }

  async *stream(request: CompletionRequest): AsyncIterable<CompletionPart> {
    const call = this.#watch.called(this.#process, request);
    for (const { afterMs, part } of this.#script(request)) {
      await this.#process.sleep(afterMs, request.signal);
      if (part instanceof DomainError) throw part;
      if (part.kind === 'delta') call.took(part.tokens);
      yield part;
    }
  }

  async countPromptTokens(messages: readonly PromptMessage[]): Promise<number> {
    return messages.reduce((tokens, { content }) => tokens + content.split(' ').length, 0);
  }

  estimatePromptTokens(messages: readonly PromptMessage[]): number {
    return messages.reduce((tokens, { content }) => tokens + content.length, 0);
  }

  #script(request: CompletionRequest): Step[] {
    const random = this.#random;
    if (this.#manner.talksOn) {
      const word: CompletionPart = { kind: 'delta', text: 'word ', tokens: 1 };
      return Array.from({ length: request.maxOutputTokens }, () => ({
        afterMs: random.whole(0, LONGEST_BETWEEN_WORDS_MS),
        part: word,
      }));
    }
    const deltas = Array.from({ length: random.whole(0, MOST_DELTAS) }, (): Step => this.#delta());
    const tokens = deltas.reduce((sum, { part }) => sum + ('tokens' in part ? part.tokens : 0), 0);
    const last = random.weighted<CompletionPart | DomainError | undefined>([
      [6, { kind: 'end', finishReason: 'stop', ...this.#usage(request, tokens) }],
      [1, { kind: 'end', finishReason: 'length', ...this.#usage(request, tokens) }],
      [1, new DomainError('model.failed', 'The model failed')],
      [1, new DomainError('model.too_slow', 'The model was too slow')],
      [1, undefined],
    ]);
    return last === undefined ? deltas : [...deltas, { afterMs: this.#silenceMs(), part: last }];
  }

  #delta(): Step {
    const random = this.#random;
    const text = random.chance(0.15) ? '' : random.pick(TEXTS);
    const tokens = random.chance(0.1) ? random.whole(20, 120) : random.whole(1, 3);
    return { afterMs: this.#silenceMs(), part: { kind: 'delta', text, tokens } };
  }

  #silenceMs(): number {
    return this.#random.chance(0.08)
      ? this.#random.whole(0, this.#manner.longestSilenceMs)
      : this.#random.whole(0, 150);
  }

  /** The upstream's own count: none, right, or beyond belief. */
  #usage(request: CompletionRequest, counted: number): Partial<Extract<CompletionPart, { kind: 'end' }>> {
    const outputTokens = Math.min(counted, request.maxOutputTokens);
    const inputTokens = request.messages.reduce((sum, { content }) => sum + content.split(' ').length, 0);
    return this.#random.pick([
      {},
      { usage: { inputTokens, outputTokens } },
      { usage: { inputTokens: -1, outputTokens } },
      { usage: { inputTokens: 1_000_000_000, outputTokens: 1_000_000_000 } },
    ]);
  }
}
