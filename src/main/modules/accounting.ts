import type { Container } from 'inversify';
import { accountingRoutes } from '../../adapters/inbound/http/routes/accounting/accounting-routes.ts';
import { HttpCreditHolds } from '../../adapters/outbound/http/accounting/http-credit-holds.ts';
import { AdjustCredit } from '../../application/accounting/adjust-credit.ts';
import { AllocateCredit } from '../../application/accounting/allocate-credit.ts';
import { CalculateCost } from '../../application/accounting/calculate-cost.ts';
import { CheckCredit } from '../../application/accounting/check-credit.ts';
import { DeductCredit } from '../../application/accounting/deduct-credit.ts';
import { ExtendHold } from '../../application/accounting/extend-hold.ts';
import { ListAllocations } from '../../application/accounting/list-allocations.ts';
import { ListReservations } from '../../application/accounting/list-reservations.ts';
import { LocalCreditHolds } from '../../application/accounting/local-credit-holds.ts';
import { ReadBalance } from '../../application/accounting/read-balance.ts';
import { ReadCheckpoint } from '../../application/accounting/read-checkpoint.ts';
import { ReadJournal } from '../../application/accounting/read-journal.ts';
import { ReadUsage } from '../../application/accounting/read-usage.ts';
import { RecordUsage } from '../../application/accounting/record-usage.ts';
import { ReleaseHold } from '../../application/accounting/release-hold.ts';
import { ReserveCredit } from '../../application/accounting/reserve-credit.ts';
import { SettleHold } from '../../application/accounting/settle-hold.ts';
import { SweepLedger } from '../../application/accounting/sweep-ledger.ts';
import { SWEEP_TURN_MS, Sweeper } from '../../application/accounting/sweeper.ts';
import * as accounting from '../tokens/accounting.ts';
import { TURNS } from '../tokens/fleet.ts';
import {
  AUDIT,
  CLOCK,
  CREDIT_HOLDS,
  IDS,
  LEDGER,
  LOG,
  METRICS,
  MODEL_CATALOG,
  PRINCIPAL_DIRECTORY,
  TIMERS,
} from '../tokens.ts';

/** Binds accounting over the ledger, the directory and the catalog that the container has. */
export function bindAccounting(container: Container, settings: { capOutputTokens: number }): void {
  bindCredit(container);
  bindHolds(container, settings);
  bindReports(container);
  bindSweeper(container);
  bindRoutes(container);
}

/** Lets chat ask the accounting of its own process. */
export function bindLocalCreditHolds(container: Container): void {
  container
    .bind(CREDIT_HOLDS)
    .toResolvedValue(
      (reserve, extend, checkpoint, settle, release) =>
        new LocalCreditHolds({ reserve, extend, checkpoint, settle, release }),
      [
        accounting.RESERVE_CREDIT,
        accounting.EXTEND_HOLD,
        accounting.READ_CHECKPOINT,
        accounting.SETTLE_HOLD,
        accounting.RELEASE_HOLD,
      ],
    )
    .inSingletonScope();
}

/** Lets chat ask an accounting service elsewhere. */
export function bindHttpCreditHolds(
  container: Container,
  settings: { accountingUrl: URL; serviceKey: string },
): void {
  container
    .bind(CREDIT_HOLDS)
    .toResolvedValue(
      (ids, timers) =>
        new HttpCreditHolds({
          origin: settings.accountingUrl,
          serviceKey: settings.serviceKey,
          ids,
          timers,
        }),
      [IDS, TIMERS],
    )
    .inSingletonScope();
}

function bindCredit(container: Container): void {
  const asked = [LEDGER, PRINCIPAL_DIRECTORY, CLOCK] as const;
  const managing = [LEDGER, PRINCIPAL_DIRECTORY, CLOCK, IDS, AUDIT] as const;
  container
    .bind(accounting.READ_BALANCE)
    .toResolvedValue((ledger, directory, clock) => new ReadBalance({ ledger, directory, clock }), [...asked]);
  container
    .bind(accounting.CHECK_CREDIT)
    .toResolvedValue((ledger, directory, clock) => new CheckCredit({ ledger, directory, clock }), [...asked]);
  container
    .bind(accounting.CALCULATE_COST)
    .toResolvedValue((catalog) => new CalculateCost({ catalog }), [MODEL_CATALOG]);
  container
    .bind(accounting.ALLOCATE_CREDIT)
    .toResolvedValue(
      (ledger, directory, clock, ids, audit) => new AllocateCredit({ ledger, directory, clock, ids, audit }),
      [...managing],
    );
  container
    .bind(accounting.ADJUST_CREDIT)
    .toResolvedValue(
      (ledger, directory, clock, ids, audit) => new AdjustCredit({ ledger, directory, clock, ids, audit }),
      [...managing],
    );
  container
    .bind(accounting.DEDUCT_CREDIT)
    .toResolvedValue((ledger, clock, ids) => new DeductCredit({ ledger, clock, ids }), [LEDGER, CLOCK, IDS]);
  container
    .bind(accounting.LIST_ALLOCATIONS)
    .toResolvedValue(
      (ledger, directory) => new ListAllocations({ ledger, directory }),
      [LEDGER, PRINCIPAL_DIRECTORY],
    );
}

function bindHolds(container: Container, { capOutputTokens }: { capOutputTokens: number }): void {
  const closing = [LEDGER, CLOCK, LOG, METRICS] as const;
  container
    .bind(accounting.RESERVE_CREDIT)
    .toResolvedValue(
      (ledger, directory, catalog, clock) =>
        new ReserveCredit({ ledger, directory, catalog, clock, capOutputTokens }),
      [LEDGER, PRINCIPAL_DIRECTORY, MODEL_CATALOG, CLOCK],
    );
  container
    .bind(accounting.EXTEND_HOLD)
    .toResolvedValue((ledger, clock) => new ExtendHold({ ledger, clock }), [LEDGER, CLOCK]);
  container
    .bind(accounting.READ_CHECKPOINT)
    .toResolvedValue((ledger) => new ReadCheckpoint({ ledger }), [LEDGER]);
  container
    .bind(accounting.SETTLE_HOLD)
    .toResolvedValue(
      (ledger, clock, log, metrics) => new SettleHold({ ledger, clock, log, metrics }),
      [...closing],
    );
  container
    .bind(accounting.RELEASE_HOLD)
    .toResolvedValue(
      (ledger, clock, log, metrics) => new ReleaseHold({ ledger, clock, log, metrics }),
      [...closing],
    );
}

function bindReports(container: Container): void {
  container
    .bind(accounting.LIST_RESERVATIONS)
    .toResolvedValue(
      (ledger, directory) => new ListReservations({ ledger, directory }),
      [LEDGER, PRINCIPAL_DIRECTORY],
    );
  container
    .bind(accounting.READ_USAGE)
    .toResolvedValue(
      (ledger, directory, clock) => new ReadUsage({ ledger, directory, clock }),
      [LEDGER, PRINCIPAL_DIRECTORY, CLOCK],
    );
  container
    .bind(accounting.RECORD_USAGE)
    .toResolvedValue(
      (ledger, directory, clock, ids) => new RecordUsage({ ledger, directory, clock, ids }),
      [LEDGER, PRINCIPAL_DIRECTORY, CLOCK, IDS],
    );
  container.bind(accounting.READ_JOURNAL).toResolvedValue((ledger) => new ReadJournal({ ledger }), [LEDGER]);
}

function bindSweeper(container: Container): void {
  container
    .bind(accounting.SWEEP_LEDGER)
    .toResolvedValue(
      (ledger, clock, metrics) => new SweepLedger({ ledger, clock, metrics }),
      [LEDGER, CLOCK, METRICS],
    );
  container
    .bind(accounting.SWEEPER)
    .toResolvedValue(
      (sweep, turns, timers, log, metrics) =>
        new Sweeper({ sweep, turn: turns('sweep', SWEEP_TURN_MS), timers, log, metrics }),
      [accounting.SWEEP_LEDGER, TURNS, TIMERS, LOG, METRICS],
    );
}

function bindRoutes(container: Container): void {
  container.bind(accounting.ACCOUNTING_ROUTES).toDynamicValue(({ get }) =>
    accountingRoutes({
      readBalance: get(accounting.READ_BALANCE),
      checkCredit: get(accounting.CHECK_CREDIT),
      calculateCost: get(accounting.CALCULATE_COST),
      allocateCredit: get(accounting.ALLOCATE_CREDIT),
      adjustCredit: get(accounting.ADJUST_CREDIT),
      deductCredit: get(accounting.DEDUCT_CREDIT),
      listAllocations: get(accounting.LIST_ALLOCATIONS),
      reserveCredit: get(accounting.RESERVE_CREDIT),
      extendHold: get(accounting.EXTEND_HOLD),
      readCheckpoint: get(accounting.READ_CHECKPOINT),
      settleHold: get(accounting.SETTLE_HOLD),
      releaseHold: get(accounting.RELEASE_HOLD),
      listReservations: get(accounting.LIST_RESERVATIONS),
      readUsage: get(accounting.READ_USAGE),
      recordUsage: get(accounting.RECORD_USAGE),
      readJournal: get(accounting.READ_JOURNAL),
    }),
  );
}
