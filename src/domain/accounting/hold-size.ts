import { type CreditMicros, chargeFor, tokensPaidBy } from './credits.ts';

/** Fewer output tokens than this are not worth a call: the reserve is refused instead. */
export const MIN_OUTPUT_TOKENS = 256;

/** What a hold must cover: the worst case of one call. */
export interface HoldSize {
  readonly amountMicros: CreditMicros;
  readonly maxOutputTokens: number;
  readonly limitedBy: 'credit' | 'model';
}

/**
 * Sizes a hold so that no call ever needs more: the whole prompt and as many output tokens as the
 * model, the configured cap and the available credit allow.
 *
 * @returns undefined when the credit does not pay for the prompt and `MIN_OUTPUT_TOKENS`, or for all
 *   that the model itself would allow, whichever is less.
 */
export function sizeHold(wish: {
  availableMicros: CreditMicros;
  priceMicrosPer1000: CreditMicros;
  promptTokens: number;
  modelMaxOutputTokens: number;
  capOutputTokens: number;
}): HoldSize | undefined {
  const ceiling = Math.min(wish.modelMaxOutputTokens, wish.capOutputTokens);
  const affordable = tokensPaidBy(wish.availableMicros, wish.priceMicrosPer1000) - wish.promptTokens;
  const maxOutputTokens = Math.min(ceiling, affordable);
  if (maxOutputTokens < Math.min(MIN_OUTPUT_TOKENS, ceiling)) return undefined;
  return {
    amountMicros: chargeFor(wish.promptTokens + maxOutputTokens, wish.priceMicrosPer1000),
    maxOutputTokens,
    limitedBy: affordable < ceiling ? 'credit' : 'model',
  };
}
