import type { CreditMicros } from '../../../domain/accounting/credits.ts';

/** A model as configured: what callers see, and what accounting prices by. */
export interface ModelDescription {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly capabilities: readonly string[];
  readonly priceMicrosPer1000: CreditMicros;
  /** Most output tokens of one answer. */
  readonly maxOutputTokens: number;
  /** Prompt and answer together, in tokens. */
  readonly contextTokens: number;
  readonly available: boolean;
}

/** The models of this deployment. Fixed for the life of the process. */
export interface ModelCatalog {
  list(): readonly ModelDescription[];
  find(id: string): ModelDescription | undefined;
  /** What an unknown or unavailable model id is answered by. */
  readonly defaultModel: ModelDescription;
}
