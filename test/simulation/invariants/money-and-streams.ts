import type { CreditReservationState } from '../../../src/domain/accounting/credit-reservation.ts';
import type { StreamId } from '../../../src/domain/streaming/stream-id.ts';
import type { DurableState } from '../world/durable-state.ts';
import type { JournalOfRun } from '../world/journal-of-run.ts';
import type { StreamInvariants } from './stream-invariants.ts';

/** More than any run has. */
const ALL = 1_000_000;

/**
 * What holds between streams and their money at every moment: credit is held only for a stream that is under way or
 * whose end accounting is still owed, and what an ended stream said is what was charged.
 */
export async function checkMoneyOfStreams(
  state: DurableState,
  watched: StreamInvariants,
  journal: JournalOfRun,
): Promise<void> {
  const { ledger, store } = state;
  for (const reservation of await ledger.reservations({ openOnly: false, limit: ALL })) {
    const id = reservation.id as StreamId;
    if (store.intents.has(id)) continue;
    const session = store.streams.get(id)?.session ?? watched.streams.get(id)?.session;
    const isUnderWay = session?.state === 'opening' || session?.state === 'running';
    if (reservation.state === 'open') {
      journal.expect(
        isUnderWay,
        () => `${id} is ${session?.state ?? 'gone'}, and its credit is held for ever`,
      );
    } else if (session?.end !== undefined) {
      checkCharge(reservation, session.end.chargeMicros, journal);
    }
  }
}

/** Expiry charges what its checkpoint proves, before anybody knows how the stream ends. */
function checkCharge(reservation: CreditReservationState, told: number, journal: JournalOfRun): void {
  if (reservation.state === 'expired') return;
  const charged = reservation.outcome?.chargeMicros ?? 0;
  journal.expect(charged === told, () => `${reservation.id} said that it costs ${told} and cost ${charged}`);
}
