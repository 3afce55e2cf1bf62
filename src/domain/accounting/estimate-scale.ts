/** What an estimate is multiplied by when nothing was ever underestimated. */
export const FIRST_ESTIMATE_SCALE = 1;
/** Largest factor: beyond it the tokenizer is wrong, not the user unlucky, and the shortfall alert must be heard. */
export const MAX_ESTIMATE_SCALE = 16;

/** A user's scale for a model after one more call cost more than its hold: doubled, up to `MAX_ESTIMATE_SCALE`. */
export const raisedScale = (scale: number): number => Math.min(scale * 2, MAX_ESTIMATE_SCALE);

/** An estimate as a hold is sized by it, in tokens. */
export const scaledEstimate = (estimatedTokens: number, scale: number): number =>
  Math.min(Math.ceil(estimatedTokens * scale), Number.MAX_SAFE_INTEGER);
