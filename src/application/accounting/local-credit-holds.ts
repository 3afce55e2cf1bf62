import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import { DomainError, type DomainErrorCode } from '../../domain/domain-error.ts';
import type { StreamId } from '../../domain/streaming/stream-id.ts';
import type { CreditHolds, HoldOutcome, SettlementIntent } from '../ports/accounting/credit-holds.ts';
import type { ExtendHold } from './extend-hold.ts';
import type { ReadCheckpoint } from './read-checkpoint.ts';
import type { ReleaseHold } from './release-hold.ts';
import type { ReserveCredit } from './reserve-credit.ts';
import type { SettleHold } from './settle-hold.ts';

interface Deps {
  readonly reserve: ReserveCredit;
  readonly extend: ExtendHold;
  readonly checkpoint: ReadCheckpoint;
  readonly settle: SettleHold;
  readonly release: ReleaseHold;
}

/** Accounting as chat sees it when both live in one process. */
export class LocalCreditHolds implements CreditHolds {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async reserve({ userId, ...request }: Parameters<CreditHolds['reserve']>[0]): Promise<HoldOutcome> {
    try {
      const reservation = await this.#deps.reserve.execute({ ...request, user: userId });
      return { kind: 'held', hold: frozen(reservation), expiresAtMs: reservation.expiresAtMs };
    } catch (error) {
      if (isRefusal(error, 'credit.insufficient')) return { kind: 'insufficient' };
      throw error;
    }
  }

  async extend(id: StreamId, tokensSoFar: number): Promise<'extended' | 'closed'> {
    try {
      await this.#deps.extend.execute({ id, tokensSoFar });
      return 'extended';
    } catch (error) {
      if (isRefusal(error, 'reservation.closed', 'reservation.not_found')) return 'closed';
      throw error;
    }
  }

  async checkpointOf(id: StreamId): Promise<number | undefined> {
    try {
      return await this.#deps.checkpoint.execute({ id });
    } catch (error) {
      if (isRefusal(error, 'reservation.not_found')) return undefined;
      throw error;
    }
  }

  async resolve(intent: SettlementIntent): Promise<'acknowledged' | 'rejected'> {
    const { id, tokens } = intent;
    try {
      if (intent.kind === 'abort') await this.#deps.release.execute({ id, tokens });
      else await this.#deps.settle.execute({ id, tokens, success: intent.success });
      return 'acknowledged';
    } catch (error) {
      if (isRefusal(error, 'reservation.not_found'))
        return intent.kind === 'abort' ? 'acknowledged' : 'rejected';
      if (isRefusal(error, 'reservation.changed')) return 'rejected';
      throw error;
    }
  }
}

const isRefusal = (error: unknown, ...codes: DomainErrorCode[]): boolean =>
  error instanceof DomainError && codes.includes(error.code);

const frozen = ({
  amountMicros,
  priceMicrosPer1000,
  maxOutputTokens,
  limitedBy,
}: CreditReservationState) => ({ amountMicros, priceMicrosPer1000, maxOutputTokens, limitedBy });
