import { expect } from 'chai';
import type { ReservationLedger } from '../../src/application/ports/accounting/reservation-ledger.ts';
import { HOLD_LIFETIME_MS } from '../../src/domain/accounting/credit-reservation.ts';
import { act, aGrant, aRequest, T0, user } from '../support/ledger-builders.ts';
import { expectRefusal } from '../support/refusals.ts';

/** What a node writes that was paused while others went on; each changes nothing, whatever the others have done. */
const LATE = {
  extend: async (ledger: ReservationLedger, id: string) =>
    expect(await ledger.extend(id, 900, T0 + 30_000)).to.equal(undefined),
  settle: (ledger: ReservationLedger, id: string) =>
    expectRefusal(ledger.settle(id, 900, true, T0 + 30_000), 'reservation.changed'),
  release: (ledger: ReservationLedger, id: string) =>
    expectRefusal(ledger.release(id, 900, T0 + 30_000), 'reservation.changed'),
} as const;

/** How others close a hold whose node says nothing. */
const TAKEN = {
  settled: (ledger: ReservationLedger, id: string) => ledger.settle(id, 150, true, T0 + 10_000),
  'given back': (ledger: ReservationLedger, id: string) => ledger.release(id, 150, T0 + 10_000),
} as const;

/** What a paused node's late writes do to holds that others have closed: nothing. */
export function describeLateLedgerWrites(ledger: () => ReservationLedger): void {
  describe('when a paused node writes late', () => {
    async function everything(id: string): Promise<unknown> {
      const [account, reservation, journal] = await Promise.all([
        ledger().account(user(1), T0),
        ledger().reservation(id),
        ledger().journal({ afterCursor: 0, limit: 100 }),
      ]);
      return { account, reservation, journal };
    }

    async function changesNothing(id: string, write: () => Promise<unknown>): Promise<void> {
      const before = await everything(id);
      await write();
      expect(await everything(id)).to.deep.equal(before);
    }

    beforeEach(() => ledger().grant(user(1), aGrant(), act()));

    for (const [how, take] of Object.entries(TAKEN)) {
      for (const [what, write] of Object.entries(LATE)) {
        it(`${what} changes nothing of a hold that another node has ${how}`, async () => {
          const { id } = await ledger().reserve(user(1), aRequest(), T0);
          await take(ledger(), id);
          await changesNothing(id, async () => write(ledger(), id));
        });
      }
    }

    it('reserve holds nothing for a start that another node has taken back', async () => {
      const request = aRequest();
      expect(await ledger().release(request.id, 0, T0)).to.equal('unknown');
      await changesNothing(request.id, () =>
        expectRefusal(ledger().reserve(user(1), request, T0 + 30_000), 'reservation.voided'),
      );
    });

    it('extend renews no hold that has been settled because nobody renewed it', async () => {
      const { id } = await ledger().reserve(user(1), aRequest(), T0);
      await ledger().expireDue(T0 + HOLD_LIFETIME_MS + 1, 10);
      await changesNothing(id, async () =>
        expect(await ledger().extend(id, 900, T0 + HOLD_LIFETIME_MS + 2)).to.equal(undefined),
      );
    });
  });
}
