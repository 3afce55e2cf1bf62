import { expect } from 'chai';
import type { ReservationLedger } from '../../src/application/ports/accounting/reservation-ledger.ts';
import { HOLD_LIFETIME_MS } from '../../src/domain/accounting/credit-reservation.ts';
import { DomainError } from '../../src/domain/domain-error.ts';
import { act, aGrant, aRequest, credits, streamId, T0, user } from '../support/ledger-builders.ts';

const codesOf = (outcomes: ReadonlyArray<PromiseSettledResult<unknown>>): string[] =>
  outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? 'done'
      : outcome.reason instanceof DomainError
        ? outcome.reason.code
        : String(outcome.reason),
  );

const countOf = (codes: readonly string[], code: string): number =>
  codes.filter((one) => one === code).length;

/** What callers who race see: one after the other. */
export function describeLedgerRaces(ledger: () => ReservationLedger): void {
  it('lets one of 200 racing reserves through when the credit pays for one', async () => {
    await ledger().grant(user(1), aGrant({ amountMicros: credits(1) }), act());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, number) =>
        ledger().reserve(user(1), aRequest({ id: streamId(number + 1) }), T0),
      ),
    );
    const codes = codesOf(outcomes);
    expect(countOf(codes, 'done')).to.equal(1);
    expect(countOf(codes, 'credit.insufficient')).to.equal(199);
    expect(await ledger().account(user(1), T0)).to.deep.include({
      availableMicros: 0,
      heldMicros: credits(1),
    });
  });

  it('opens one hold for 50 racing reserves with one id', async () => {
    await ledger().grant(user(1), aGrant(), act());
    const holds = await Promise.all(
      Array.from({ length: 50 }, () => ledger().reserve(user(1), aRequest(), T0)),
    );
    const [first] = holds;
    for (const hold of holds) expect(hold).to.deep.equal(first);
    expect(await ledger().account(user(1), T0)).to.deep.include({ heldMicros: credits(1) });
  });

  it('resolves a hold once when settle, release and expiry race', async () => {
    await ledger().grant(user(1), aGrant(), act());
    const due = T0 + HOLD_LIFETIME_MS;
    for (let round = 1; round <= 12; round += 1) {
      const id = streamId(round);
      await ledger().reserve(user(1), aRequest({ id, modelMaxOutputTokens: 256 }), T0);
      const closers = [
        () => ledger().settle(id, 200, true, due),
        () => ledger().release(id, 150, due),
        () => ledger().expireDue(due, 10),
      ];
      const turn = round % 3;
      await Promise.allSettled([...closers.slice(turn), ...closers.slice(0, turn)].map((close) => close()));
      const entries = (await ledger().journal({ afterCursor: 0, limit: 1_000 })).map(({ entry }) => entry);
      const closings = entries.filter(
        (entry) => entry.reservationId === id && ['settle', 'release', 'expire'].includes(entry.kind),
      );
      expect(closings.map((entry) => entry.account.held)).to.deep.equal([-credits(0.356)]);
    }
    expect(await ledger().account(user(1), T0)).to.deep.include({ heldMicros: 0 });
  });

  it('charges once when the same settlement comes from 50 callers', async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
    const closed = await Promise.all(
      Array.from({ length: 50 }, () => ledger().settle(streamId(1), 400, true, T0)),
    );
    expect(closed.filter((one) => !one.repeated)).to.have.length(1);
    expect(await ledger().account(user(1), T0)).to.deep.include({ chargedMicros: credits(0.4) });
    expect(await ledger().usage({ limit: 10 })).to.have.length(1);
  });

  it('either holds or voids when an abort races its reserve, and never leaves credit held', async () => {
    await ledger().grant(user(1), aGrant(), act());
    for (let round = 1; round <= 10; round += 1) {
      const id = streamId(round);
      const reserve = () => ledger().reserve(user(1), aRequest({ id }), T0);
      const abort = () => ledger().release(id, 0, T0);
      await Promise.allSettled(round % 2 === 0 ? [reserve(), abort()] : [abort(), reserve()]);
    }
    expect(await ledger().account(user(1), T0)).to.deep.include({
      availableMicros: credits(10),
      heldMicros: 0,
    });
  });

  it('closes each due hold once when sweepers race', async () => {
    await ledger().grant(user(1), aGrant(), act());
    for (let number = 1; number <= 9; number += 1) {
      await ledger().reserve(user(1), aRequest({ id: streamId(number) }), T0);
    }
    const due = T0 + HOLD_LIFETIME_MS;
    const swept = await Promise.all(Array.from({ length: 4 }, () => ledger().expireDue(due, 5)));
    expect(swept.reduce((sum, one) => sum + one.holds, 0)).to.equal(9);
  });

  it('spends no more than there is when deductions race', async () => {
    await ledger().grant(user(1), aGrant({ amountMicros: credits(3) }), act());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, number) =>
        ledger().deduct(user(1), { id: `d-${number}`, amountMicros: credits(1), service: 'other' }, act()),
      ),
    );
    expect(countOf(codesOf(outcomes), 'done')).to.equal(3);
    expect(countOf(codesOf(outcomes), 'credit.insufficient')).to.equal(7);
  });
}
