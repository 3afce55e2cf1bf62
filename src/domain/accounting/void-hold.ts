import { CreditReservation, type CreditReservationState, NOBODY } from './credit-reservation.ts';
import type { JournalEntry } from './journal-entry.ts';

/** Buries an id whose abort came before its reserve: the tombstone, and the journal's record of it. */
export function voidHold(
  id: string,
  nowMs: number,
): { readonly reservation: CreditReservationState; readonly entry: JournalEntry } {
  return {
    reservation: CreditReservation.voided(id, nowMs).snapshot(),
    entry: {
      id: `${id}:void`,
      kind: 'void',
      atMs: nowMs,
      userId: NOBODY,
      reservationId: id,
      account: {},
      grants: [],
    },
  };
}
