import { expect } from 'chai';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { SWEEP_BATCH, SweepLedger } from '../../../src/application/accounting/sweep-ledger.ts';
import {
  MAX_SWEEP_BATCHES,
  SWEEP_INTERVAL_MS,
  SWEEP_TURN_MS,
  Sweeper,
} from '../../../src/application/accounting/sweeper.ts';
import { Turn } from '../../../src/application/fleet/turn.ts';
import type { ReservationLedger } from '../../../src/application/ports/accounting/reservation-ledger.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { HOLD_LIFETIME_MS } from '../../../src/domain/accounting/credit-reservation.ts';
import { AccountingService, PEOPLE } from '../../support/accounting-service.ts';
import { credits, DAY_MS, streamId } from '../../support/ledger-builders.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { NODE_1 } from '../../support/stream-builders.ts';

const { alice } = PEOPLE;

describe('the sweeper', () => {
  let service: AccountingService;
  let timers: ManualTimers;
  let stop: AbortController;

  beforeEach(() => {
    service = new AccountingService();
    timers = new ManualTimers(service.clock);
    stop = new AbortController();
  });

  function start(ledger: Pick<ReservationLedger, 'expireDue'> = service.ledger): Promise<void> {
    const { clock, log, metrics } = service;
    const sweep = new SweepLedger({ ledger: ledger as ReservationLedger, clock, metrics });
    const turning = { leases: new MemoryLeases(service), node: { id: NODE_1 }, timers, log };
    const turn = new Turn(turning, { work: 'sweep', lifeMs: SWEEP_TURN_MS });
    return new Sweeper({ sweep, turn, timers, log, metrics }).run(stop.signal);
  }

  it('settles holds whose time is over to their checkpoint, and lapses expired grants', async () => {
    await service.grant(alice, 10);
    const request = { user: alice.userId, modelId: 'handbook', estimatedTokens: 100 };
    const id = streamId(1);
    await service.useCases.reserveCredit.execute({ ...request, id: id as never });
    await service.useCases.extendHold.execute({ id, tokensSoFar: 40 });
    const running = start();
    await timers.advance(HOLD_LIFETIME_MS - 1);
    expect(await service.ledger.account(alice.userId, service.clock.nowMs())).to.include({
      heldMicros: credits(1),
    });
    await timers.advance(SWEEP_INTERVAL_MS);
    expect(await service.ledger.account(alice.userId, service.clock.nowMs())).to.include({
      heldMicros: 0,
      availableMicros: 9_960_000,
      chargedMicros: 40_000,
    });
    expect(service.metrics.of('holdfast_holds_expired_total')).to.have.length(1);
    service.clock.advance(30 * DAY_MS);
    await timers.advance(SWEEP_INTERVAL_MS);
    expect(service.metrics.of('holdfast_grants_lapsed_total')).to.have.length(1);
    stop.abort();
    await running;
  });

  it('goes on at once after a full batch, but not for ever', async () => {
    let batches = 0;
    const running = start({
      expireDue: async () => {
        batches += 1;
        return { holds: SWEEP_BATCH, grants: 0 };
      },
    });
    await timers.advance(0);
    await timers.advance(SWEEP_INTERVAL_MS - 1);
    expect(batches).to.equal(MAX_SWEEP_BATCHES);
    await timers.advance(1);
    expect(batches).to.equal(2 * MAX_SWEEP_BATCHES);
    stop.abort();
    await running;
  });

  it('asks once a pass when there is less than a batch to do', async () => {
    const limits: number[] = [];
    const running = start({
      expireDue: async (_nowMs, limit) => {
        limits.push(limit);
        return { holds: SWEEP_BATCH - 1, grants: 0 };
      },
    });
    await timers.advance(2 * SWEEP_INTERVAL_MS);
    expect(limits).to.deep.equal([SWEEP_BATCH, SWEEP_BATCH, SWEEP_BATCH]);
    stop.abort();
    await running;
  });

  it('logs a pass that failed and tries again at the next one', async () => {
    let passes = 0;
    const running = start({
      expireDue: async () => {
        passes += 1;
        throw new PortError('unavailable', 'store', 'the store is out of reach');
      },
    });
    await timers.advance(SWEEP_INTERVAL_MS);
    expect(passes).to.equal(2);
    expect(service.log.lines.filter(({ level }) => level === 'warn')).to.have.length(2);
    expect(service.metrics.of('holdfast_sweeps_failed_total')).to.have.length(2);
    stop.abort();
    await running;
  });

  it('ends when it is told to, also in the middle of a pass', async () => {
    let batches = 0;
    const running = start({
      expireDue: async () => {
        batches += 1;
        if (batches === 3) stop.abort();
        return { holds: SWEEP_BATCH, grants: 0 };
      },
    });
    await running;
    expect(batches).to.equal(3);
    expect(timers.sleeping).to.equal(0);
  });
});
