import { z } from 'zod';
import type {
  CreditHolds,
  HoldOutcome,
  SettlementIntent,
} from '../../../../application/ports/accounting/credit-holds.ts';
import type { IdSource } from '../../../../application/ports/id-source.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import { creditsToMicros } from '../../../../domain/accounting/credits.ts';
import { DomainError, type DomainErrorCode } from '../../../../domain/domain-error.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import { type Exchange, postJson } from './post-json.ts';

/** Longest wait for one answer of accounting, in milliseconds. */
const HOLDS_REQUEST_TIMEOUT_MS = 3_000;
/** Tries of one call, the first one included. */
export const HOLDS_MAX_TRIES = 3;
/** Longest pause before the second try, in milliseconds; it doubles with each further one, and chance shortens it. */
export const HOLDS_BACKOFF_MS = 200;

const ACCOUNTING = 'accounting';

const amount = z.number().transform((credits, context) => {
  try {
    return creditsToMicros(credits);
  } catch {
    context.addIssue('is no amount of credits');
    return z.NEVER;
  }
});
const heldAnswer = z.object({
  sessionId: z.string(),
  allocatedCredits: amount,
  prices: z.object({ creditsPer1000Tokens: amount }),
  maxOutputTokens: z.int().min(1),
  limitedBy: z.enum(['credit', 'model']),
  expiresAt: z.iso.datetime(),
});
const namedAnswer = z.object({ sessionId: z.string() });
const checkpointAnswer = z.object({ sessionId: z.string(), tokensSoFar: z.int().min(0) });
const problem = z.object({ status: z.int(), code: z.string(), message: z.string() });

/** Refusals of a reserve that chat passes on as they are; they hold nothing. */
const PASSED_ON: ReadonlySet<string> = new Set<DomainErrorCode>([
  'credit.account_busy',
  'model.not_found',
  'model.price_unknown',
  'reservation.changed',
  'reservation.closed',
  'reservation.expired_id',
  'reservation.voided',
]);

/** What one try heard: a good answer, or a refusal by its code. */
type Heard =
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'refusal'; readonly code: string; readonly message: string };

/** What accounting said. `unsure`: an earlier try is unaccounted for, and may yet be carried out. */
type Verdict = Heard & { readonly unsure: boolean };

/** One try: a verdict, or how it failed. `unsent`: nothing can have been done. */
type Try = Heard | { readonly kind: 'unsent' | 'unknown'; readonly cause: unknown };

/** Accounting as chat sees it when it is another service, reached with the service key. */
export class HttpCreditHolds implements CreditHolds {
  readonly #deps: {
    origin: URL;
    serviceKey: string;
    ids: IdSource;
    timers: Timers;
    requestTimeoutMs: number;
  };

  constructor(deps: {
    /** Where accounting listens. */
    origin: URL;
    serviceKey: string;
    ids: IdSource;
    timers: Timers;
    /** Longest wait for one answer, in milliseconds; 3 s unless said. */
    requestTimeoutMs?: number;
  }) {
    this.#deps = { requestTimeoutMs: HOLDS_REQUEST_TIMEOUT_MS, ...deps };
  }

  async reserve({
    id,
    userId,
    modelId,
    estimatedTokens,
  }: Parameters<CreditHolds['reserve']>[0]): Promise<HoldOutcome> {
    const body = { sessionId: id, userId, modelId, estimatedTokens };
    const verdict = await this.#call('initialize', id, body, heldAnswer);
    if (verdict.kind === 'refusal') {
      if (verdict.unsure) throw refused(verdict);
      if (verdict.code === 'credit.insufficient') return { kind: 'insufficient' };
      if (PASSED_ON.has(verdict.code)) {
        throw new DomainError(verdict.code as DomainErrorCode, verdict.message);
      }
      throw refused(verdict);
    }
    const held = heldAnswer.parse(verdict.body);
    return {
      kind: 'held',
      hold: {
        amountMicros: held.allocatedCredits,
        priceMicrosPer1000: held.prices.creditsPer1000Tokens,
        maxOutputTokens: held.maxOutputTokens,
        limitedBy: held.limitedBy,
      },
      expiresAtMs: Date.parse(held.expiresAt),
    };
  }

  async extend(id: StreamId, tokensSoFar: number): Promise<'extended' | 'closed'> {
    const verdict = await this.#call('extend', id, { sessionId: id, tokensSoFar }, namedAnswer);
    if (verdict.kind === 'answer') return 'extended';
    if (verdict.code === 'reservation.closed' || verdict.code === 'reservation.not_found') return 'closed';
    throw refused(verdict);
  }

  async checkpointOf(id: StreamId): Promise<number | undefined> {
    const verdict = await this.#call('checkpoint', id, { sessionId: id }, checkpointAnswer);
    if (verdict.kind === 'answer') return checkpointAnswer.parse(verdict.body).tokensSoFar;
    if (verdict.code === 'reservation.not_found') return undefined;
    throw refused(verdict);
  }

  async resolve(intent: SettlementIntent): Promise<'acknowledged' | 'rejected'> {
    const { kind, id, tokens } = intent;
    const body =
      kind === 'abort'
        ? { sessionId: id, tokensGenerated: tokens }
        : { sessionId: id, actualTokens: tokens, success: intent.success };
    const verdict = await this.#call(kind, id, body, namedAnswer);
    if (verdict.kind === 'answer') return 'acknowledged';
    if (verdict.code === 'reservation.not_found') return kind === 'abort' ? 'acknowledged' : 'rejected';
    if (verdict.code === 'reservation.changed' || verdict.code === 'request.invalid') return 'rejected';
    throw refused(verdict);
  }

  /**
   * Tries until there is a verdict. Once a try may have been carried out, no later failure proves that it was
   * not: the outcome stays unknown until a repeat is answered.
   */
  async #call(
    word: 'initialize' | 'extend' | 'checkpoint' | 'finalize' | 'abort',
    id: StreamId,
    body: unknown,
    answer: z.ZodType,
  ): Promise<Verdict> {
    const { ids, timers } = this.#deps;
    let kind: 'unavailable' | 'timeout' = 'unavailable';
    let cause: unknown;
    for (let number = 1; number <= HOLDS_MAX_TRIES; number += 1) {
      const outcome = await this.#try(word, id, body, answer);
      if (outcome.kind === 'answer' || outcome.kind === 'refusal') {
        return { ...outcome, unsure: kind === 'timeout' };
      }
      if (outcome.kind === 'unknown') kind = 'timeout';
      cause = outcome.cause;
      if (number < HOLDS_MAX_TRIES) await timers.sleep(HOLDS_BACKOFF_MS * 2 ** (number - 1) * ids.fraction());
    }
    throw new PortError(kind, ACCOUNTING, `accounting did not answer ${word}`, { cause });
  }

  async #try(word: string, id: StreamId, body: unknown, answer: z.ZodType): Promise<Try> {
    const { origin, serviceKey, requestTimeoutMs } = this.#deps;
    const url = new URL(`/api/streaming-sessions/${word}`, origin);
    const exchange = await postJson(url, body, { bearer: serviceKey, timeoutMs: requestTimeoutMs });
    return exchange.kind === 'answered' ? judge(exchange, id, answer) : exchange;
  }
}

/** Believes an answer only when it has its whole form and names the id that was asked about. */
function judge(exchange: Extract<Exchange, { kind: 'answered' }>, id: StreamId, answer: z.ZodType): Try {
  const { status, json } = exchange;
  if (status >= 200 && status < 300) {
    const good = answer.safeParse(json).success && namedAnswer.parse(json).sessionId === id;
    if (good) return { kind: 'answer', body: json };
    return { kind: 'unknown', cause: new Error('accounting answered what is no answer') };
  }
  const { data } = problem.safeParse(json);
  if (data === undefined || data.status !== status) {
    return { kind: 'unknown', cause: new Error(`something answered ${status} in place of accounting`) };
  }
  const cause = new Error(`accounting answered ${status} ${data.code}`);
  if (status === 503 && data.code.endsWith('.unavailable')) return { kind: 'unsent', cause };
  if (status >= 500 && !PASSED_ON.has(data.code)) return { kind: 'unknown', cause };
  return { kind: 'refusal', code: data.code, message: data.message };
}

const refused = ({ code, unsure }: { code: string; unsure: boolean }): PortError =>
  new PortError(unsure ? 'timeout' : 'unavailable', ACCOUNTING, `accounting refused the request: ${code}`);
