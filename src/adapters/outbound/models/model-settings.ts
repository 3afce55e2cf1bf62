import { type CreditMicros, creditsToMicros } from '../../../domain/accounting/credits.ts';

/** A model as the configuration states it. */
export interface ModelSettings {
  /** What callers name it by. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly capabilities: readonly string[];
  /** Credits for 1,000 tokens, input and output alike; at most six decimal places. There is no default price. */
  readonly price: number;
  /** Most output tokens of one answer. */
  readonly maxTokens: number;
  /** Prompt and answer together, in tokens. */
  readonly contextTokens: number;
}

/** A model that the configuration states wrongly; the message names the model and what would be right. */
export class ModelSettingsError extends Error {
  override readonly name = 'ModelSettingsError';
}

/**
 * Reads a price. A price that is missing or no amount of credits is refused rather than taken as free.
 *
 * @throws ModelSettingsError
 */
export function priceOf(settings: ModelSettings): CreditMicros {
  try {
    if (typeof settings.price !== 'number') throw new TypeError('no price');
    return creditsToMicros(settings.price);
  } catch (error) {
    throw new ModelSettingsError(
      `The model "${settings.id}" needs a price: the credits for 1,000 tokens, a decimal number of at least 0 with at most six places`,
      { cause: error },
    );
  }
}
