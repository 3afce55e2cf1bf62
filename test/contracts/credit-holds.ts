import { expect } from 'chai';
import type {
  CreditHolds,
  HoldOutcome,
  SettlementIntent,
} from '../../src/application/ports/accounting/credit-holds.ts';
import { HOLD_LIFETIME_MS } from '../../src/domain/accounting/credit-reservation.ts';
import type { StreamId } from '../../src/domain/streaming/stream-id.ts';
import { type AccountingService, PEOPLE } from '../support/accounting-service.ts';
import { credits, streamId, T0 } from '../support/ledger-builders.ts';
import { expectRefusal } from '../support/refusals.ts';

/** Chat's view of an accounting whose ledger the suite can look into. */
export interface HoldsUnderTest {
  readonly holds: CreditHolds;
  readonly accounting: AccountingService;
  close(): Promise<void>;
}

const { alice } = PEOPLE;
const ID = streamId(1) as StreamId;
const REQUEST = { id: ID, userId: alice.userId, modelId: 'handbook', estimatedTokens: 100 };
const FINALIZE: SettlementIntent = { kind: 'finalize', id: ID, tokens: 250, success: true };
const ABORT: SettlementIntent = { kind: 'abort', id: ID, tokens: 120 };
const HELD: HoldOutcome = {
  kind: 'held',
  hold: {
    amountMicros: credits(1),
    priceMicrosPer1000: credits(1),
    maxOutputTokens: 900,
    limitedBy: 'model',
  },
  expiresAtMs: T0 + HOLD_LIFETIME_MS,
};

/** What a user has and what is held, in micro-credits. */
export async function moneyOf(accounting: AccountingService): Promise<{ available: number; held: number }> {
  const account = await accounting.ledger.account(alice.userId, accounting.clock.nowMs());
  return { available: account.availableMicros, held: account.heldMicros };
}

/** The behaviour of every `CreditHolds`. */
export function describeCreditHolds(name: string, create: () => Promise<HoldsUnderTest>): void {
  describe(`${name} as CreditHolds`, () => {
    let subject: HoldsUnderTest;

    beforeEach(async () => {
      subject = await create();
      await subject.accounting.grant(alice, 10);
    });
    afterEach(() => subject.close());

    describeReserves(() => subject);
    describeExtensions(() => subject);
    describeCheckpoints(() => subject);
    describeResolutions(() => subject);
  });
}

function describeReserves(subject: () => HoldsUnderTest): void {
  it('reserves, and returns the same hold to a repeat', async () => {
    const { holds, accounting } = subject();
    expect(await holds.reserve(REQUEST)).to.deep.equal(HELD);
    expect(await holds.reserve(REQUEST)).to.deep.equal(HELD);
    expect(await moneyOf(accounting)).to.deep.equal({ available: 9_000_000, held: 1_000_000 });
  });

  it('hands on a price and a hold to the last micro-credit', async () => {
    const outcome = await subject().holds.reserve({ ...REQUEST, modelId: 'odd' });
    expect(outcome.kind === 'held' && outcome.hold).to.include({
      amountMicros: 333_333,
      priceMicrosPer1000: 333_333,
    });
  });

  it('says so when the credit does not suffice, and when it is what limits the answer', async () => {
    const { holds } = subject();
    const tooMuch = await holds.reserve({ ...REQUEST, estimatedTokens: 9_900 });
    expect(tooMuch).to.deep.equal({ kind: 'insufficient' });
    const tight = await holds.reserve({ ...REQUEST, estimatedTokens: 9_700 });
    expect(tight.kind === 'held' && tight.hold).to.include({ maxOutputTokens: 300, limitedBy: 'credit' });
  });

  it('lets refusals through that another try would not change', async () => {
    const { holds } = subject();
    await expectRefusal(holds.reserve({ ...REQUEST, modelId: 'nonsense' }), 'model.not_found');
    await expectRefusal(holds.reserve({ ...REQUEST, modelId: 'unpriced' }), 'model.price_unknown');
    await holds.reserve(REQUEST);
    await expectRefusal(holds.reserve({ ...REQUEST, estimatedTokens: 101 }), 'reservation.changed');
    await holds.resolve(FINALIZE);
    await expectRefusal(holds.reserve(REQUEST), 'reservation.closed');
  });
}

function describeExtensions(subject: () => HoldsUnderTest): void {
  it('extends an open hold and stores the checkpoint', async () => {
    const { holds, accounting } = subject();
    await holds.reserve(REQUEST);
    accounting.clock.advance(1_000);
    expect(await holds.extend(ID, 42)).to.equal('extended');
    expect(await accounting.ledger.reservation(ID)).to.include({
      checkpointTokens: 42,
      expiresAtMs: T0 + 1_000 + HOLD_LIFETIME_MS,
    });
  });

  it('tells that a hold is gone: expired, resolved, or never there', async () => {
    const { holds, accounting } = subject();
    expect(await holds.extend(ID, 1)).to.equal('closed');
    await holds.reserve(REQUEST);
    accounting.clock.advance(HOLD_LIFETIME_MS);
    expect(await holds.extend(ID, 1)).to.equal('closed');
    await holds.resolve(FINALIZE);
    expect(await holds.extend(ID, 1)).to.equal('closed');
  });
}

function describeCheckpoints(subject: () => HoldsUnderTest): void {
  it('tells the last checkpoint, which is nothing at first and never goes back', async () => {
    const { holds } = subject();
    await holds.reserve(REQUEST);
    expect(await holds.checkpointOf(ID)).to.equal(0);
    await holds.extend(ID, 142);
    await holds.extend(ID, 41);
    expect(await holds.checkpointOf(ID)).to.equal(142);
  });

  it('tells the last checkpoint of a hold that has expired or was resolved', async () => {
    const { holds, accounting } = subject();
    await holds.reserve(REQUEST);
    await holds.extend(ID, 142);
    accounting.clock.advance(HOLD_LIFETIME_MS);
    await accounting.ledger.expireDue(accounting.clock.nowMs(), 10);
    expect(await holds.checkpointOf(ID)).to.equal(142);
    await holds.resolve(ABORT);
    expect(await holds.checkpointOf(ID)).to.equal(142);
  });

  it('knows no checkpoint of an id that nothing was ever held for', async () => {
    const { holds } = subject();
    expect(await holds.checkpointOf(ID)).to.equal(undefined);
    await holds.resolve({ ...ABORT, tokens: 0 });
    expect(await holds.checkpointOf(ID)).to.equal(undefined);
  });
}

function describeResolutions(subject: () => HoldsUnderTest): void {
  it('finalizes once, however often it is told to', async () => {
    const { holds, accounting } = subject();
    await holds.reserve(REQUEST);
    expect(await holds.resolve(FINALIZE)).to.equal('acknowledged');
    expect(await holds.resolve(FINALIZE)).to.equal('acknowledged');
    expect(await moneyOf(accounting)).to.deep.equal({ available: 9_750_000, held: 0 });
    expect(await accounting.ledger.usage({ limit: 10 })).to.have.length(1);
  });

  it('aborts once, and charges what was produced', async () => {
    const { holds, accounting } = subject();
    await holds.reserve(REQUEST);
    expect(await holds.resolve(ABORT)).to.equal('acknowledged');
    expect(await holds.resolve(ABORT)).to.equal('acknowledged');
    expect(await moneyOf(accounting)).to.deep.equal({ available: 9_880_000, held: 0 });
  });

  it('is refused for good when a resolution changes, and moves nothing', async () => {
    const { holds, accounting } = subject();
    await holds.reserve(REQUEST);
    await holds.resolve(FINALIZE);
    expect(await holds.resolve({ ...FINALIZE, tokens: 251 })).to.equal('rejected');
    expect(await holds.resolve(ABORT)).to.equal('rejected');
    expect(await moneyOf(accounting)).to.deep.equal({ available: 9_750_000, held: 0 });
  });

  it('voids an id by aborting it before its reserve has come', async () => {
    const { holds, accounting } = subject();
    expect(await holds.resolve({ ...ABORT, tokens: 0 })).to.equal('acknowledged');
    await expectRefusal(holds.reserve(REQUEST), 'reservation.voided');
    expect(await moneyOf(accounting)).to.deep.equal({ available: 10_000_000, held: 0 });
  });

  it('rejects the finalization of an id that was never reserved', async () => {
    expect(await subject().holds.resolve(FINALIZE)).to.equal('rejected');
  });

  it('acknowledges a resolution that comes after expiry, which moves nothing', async () => {
    const { holds, accounting } = subject();
    await holds.reserve(REQUEST);
    await holds.extend(ID, 40);
    accounting.clock.advance(HOLD_LIFETIME_MS);
    await accounting.ledger.expireDue(accounting.clock.nowMs(), 10);
    expect(await holds.resolve(FINALIZE)).to.equal('acknowledged');
    expect(await moneyOf(accounting)).to.deep.equal({ available: 9_960_000, held: 0 });
  });
}
