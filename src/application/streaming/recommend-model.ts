import type { ModelCatalog, ModelDescription } from '../ports/streaming/model-catalog.ts';

/** What an answer is for. */
export const MODEL_TASKS = ['general', 'code', 'creative', 'long-document'] as const;
/** What matters most of it. */
export const MODEL_PRIORITIES = ['speed', 'quality', 'cost'] as const;

/** What an answer is for. */
export type ModelTask = (typeof MODEL_TASKS)[number];
/** What matters most of it. */
export type ModelPriority = (typeof MODEL_PRIORITIES)[number];

/** A recommendation with its reason. */
export interface Recommendation {
  readonly model: ModelDescription;
  readonly reason: string;
}

type Order = (left: ModelDescription, right: ModelDescription) => number;

/** Nothing is measured here: what a model costs and holds is all that a catalog tells, and the reasons say so. */
const ORDERS: Readonly<Record<ModelPriority, { order: Order; why: string }>> = {
  cost: {
    order: (left, right) => left.priceMicrosPer1000 - right.priceMicrosPer1000,
    why: 'has the lowest price',
  },
  speed: {
    order: (left, right) => left.contextTokens - right.contextTokens,
    why: 'has the smallest context, which usually answers soonest',
  },
  quality: {
    order: (left, right) => right.priceMicrosPer1000 - left.priceMicrosPer1000,
    why: 'has the highest price, which usually goes with quality',
  },
};

const LONGEST: Order = (left, right) => right.contextTokens - left.contextTokens;

/** Recommends an available model by what the catalog tells of it. */
export class RecommendModel {
  readonly #deps: { catalog: ModelCatalog };

  constructor(deps: { catalog: ModelCatalog }) {
    this.#deps = deps;
  }

  execute(command: { task?: ModelTask; priority?: ModelPriority }): Recommendation {
    const { catalog } = this.#deps;
    const { task = 'general', priority = 'quality' } = command;
    const available = catalog.list().filter((model) => model.available);
    const capable = available.filter((model) => model.capabilities.includes(task));
    const candidates = capable.length > 0 ? capable : available;
    const { order, why } = ORDERS[priority];
    const long = task === 'long-document';
    const [model = catalog.defaultModel] = candidates.toSorted(long ? LONGEST : order);
    const among = capable.length > 0 ? `models for ${task}` : 'available models';
    return { model, reason: `Among the ${among}, ${model.name} ${long ? 'has the longest context' : why}.` };
  }
}
