import { MemoryReservationLedger } from '../../../../src/adapters/outbound/memory/accounting/memory-reservation-ledger.ts';
import { describeReservationLedger } from '../../../contracts/reservation-ledger.ts';

describeReservationLedger('MemoryReservationLedger', async () => ({
  ledger: new MemoryReservationLedger(),
  close: async () => {},
}));
