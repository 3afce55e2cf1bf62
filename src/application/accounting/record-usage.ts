import type { CreditMicros } from '../../domain/accounting/credits.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { ReservationLedger, UsageRecord } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import { accountOf } from './account-ref.ts';

/** Keeps the ids of recorded usage apart from those that settlements write. */
const RECORDED_PREFIX = 'recorded:';

/** Records usage that another service has metered itself; it moves no credit. */
export class RecordUsage {
  readonly #deps: { ledger: ReservationLedger; directory: PrincipalDirectory; clock: Clock; ids: IdSource };

  constructor(deps: {
    ledger: ReservationLedger;
    directory: PrincipalDirectory;
    clock: Clock;
    ids: IdSource;
  }) {
    this.#deps = deps;
  }

  /**
   * A repeat with the same id changes nothing and returns the first record.
   *
   * @throws DomainError `user.not_found`, `usage.changed` for an id that was used for other usage; PortError.
   */
  async execute(command: {
    /** The caller's name of this record; one is made when absent. */
    id?: string;
    /** An id or a username. */
    user: string;
    service: string;
    modelId?: string;
    streamId?: string;
    tokens: number;
    chargeMicros: CreditMicros;
  }): Promise<UsageRecord> {
    const { ledger, directory, clock, ids } = this.#deps;
    const { id, user, modelId, streamId, service, tokens, chargeMicros } = command;
    const record: UsageRecord = {
      id: `${RECORDED_PREFIX}${id ?? ids.uuid()}`,
      userId: await accountOf(directory, { name: user }),
      service,
      ...(modelId === undefined ? {} : { modelId }),
      ...(streamId === undefined ? {} : { streamId }),
      tokens,
      chargeMicros,
      atMs: clock.nowMs(),
    };
    const stored = await ledger.recordUsage(record);
    if (!isSame(stored, record)) {
      throw new DomainError('usage.changed', 'Other usage was recorded under this id before');
    }
    return stored;
  }
}

/** Whether two records of one id tell of the same usage; a repeat has a later time. */
const isSame = (stored: UsageRecord, record: UsageRecord): boolean =>
  stored.userId === record.userId &&
  stored.service === record.service &&
  stored.modelId === record.modelId &&
  stored.streamId === record.streamId &&
  stored.tokens === record.tokens &&
  stored.chargeMicros === record.chargeMicros;
