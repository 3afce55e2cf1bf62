import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import { DomainError } from '../../domain/domain-error.ts';
import { isUserId } from '../../domain/identity/ids.ts';
import { mintedAtMs, type StreamId } from '../../domain/streaming/stream-id.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import type { ModelCatalog } from '../ports/streaming/model-catalog.ts';
import { accountOf } from './account-ref.ts';
import { pricedModel } from './price-list.ts';

/**
 * How far from accounting's clock an id may have been minted, in milliseconds. It is longer than any retry and
 * shorter than tombstones are kept, so that an id that was once resolved can never be reserved anew.
 */
export const MAX_RESERVE_ID_AGE_MS = 86_400_000;

/** Holds the worst case of one call of a model. */
export class ReserveCredit {
  readonly #deps: {
    ledger: ReservationLedger;
    directory: PrincipalDirectory;
    catalog: ModelCatalog;
    clock: Clock;
    capOutputTokens: number;
  };

  constructor(deps: {
    ledger: ReservationLedger;
    directory: PrincipalDirectory;
    catalog: ModelCatalog;
    clock: Clock;
    /** Most output tokens of one hold, whatever the model allows. */
    capOutputTokens: number;
  }) {
    this.#deps = deps;
  }

  /**
   * A repeat returns the open hold as it stands. An id of a user is not looked up: the caller is a service that
   * has authenticated him, and the account of nobody is empty.
   *
   * @throws DomainError `credit.insufficient`, `model.not_found`, `model.price_unknown`, `user.not_found`,
   *   `reservation.expired_id`, `reservation.changed`, `reservation.voided`, `reservation.closed`; PortError.
   */
  async execute(command: {
    id: StreamId;
    /** An id or a username. */
    user: string;
    modelId: string;
    estimatedTokens: number;
  }): Promise<CreditReservationState> {
    const { ledger, directory, catalog, clock, capOutputTokens } = this.#deps;
    const { id, user, modelId, estimatedTokens } = command;
    const model = pricedModel(catalog, modelId);
    const nowMs = clock.nowMs();
    if (Math.abs(nowMs - mintedAtMs(id)) > MAX_RESERVE_ID_AGE_MS) {
      throw new DomainError('reservation.expired_id', 'This streaming session id is too old to be reserved');
    }
    const userId = await accountOf(directory, isUserId(user) ? { userId: user } : { name: user });
    const request = {
      id,
      modelId,
      estimatedTokens,
      priceMicrosPer1000: model.priceMicrosPer1000,
      modelMaxOutputTokens: model.maxOutputTokens,
      capOutputTokens,
    };
    const reservation = await ledger.reserve(userId, request, nowMs);
    if (reservation.state !== 'open') {
      throw new DomainError('reservation.closed', 'This streaming session has already ended');
    }
    return reservation;
  }
}
