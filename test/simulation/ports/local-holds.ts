import { ExtendHold } from '../../../src/application/accounting/extend-hold.ts';
import { LocalCreditHolds } from '../../../src/application/accounting/local-credit-holds.ts';
import { ReadCheckpoint } from '../../../src/application/accounting/read-checkpoint.ts';
import { ReleaseHold } from '../../../src/application/accounting/release-hold.ts';
import { ReserveCredit } from '../../../src/application/accounting/reserve-credit.ts';
import { SettleHold } from '../../../src/application/accounting/settle-hold.ts';
import type { ReservationLedger } from '../../../src/application/ports/accounting/reservation-ledger.ts';
import type { Clock } from '../../../src/application/ports/clock.ts';
import type { PrincipalDirectory } from '../../../src/application/ports/identity/principal-directory.ts';
import type { Log } from '../../../src/application/ports/log.ts';
import type { Metrics } from '../../../src/application/ports/metrics.ts';
import { CATALOG, MODEL } from './simulated-model.ts';

/** Accounting's use cases over the ports of the process that they run in. */
export function localHolds(ports: {
  readonly ledger: ReservationLedger;
  readonly directory: PrincipalDirectory;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): LocalCreditHolds {
  return new LocalCreditHolds({
    reserve: new ReserveCredit({ ...ports, catalog: CATALOG, capOutputTokens: MODEL.maxOutputTokens }),
    extend: new ExtendHold(ports),
    checkpoint: new ReadCheckpoint(ports),
    settle: new SettleHold(ports),
    release: new ReleaseHold(ports),
  });
}
