import { MemoryFleetBus } from '../../../../src/adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import { MemoryLeases } from '../../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemoryReaderMarks } from '../../../../src/adapters/outbound/memory/fleet/memory-reader-marks.ts';
import { describeFleetBus } from '../../../contracts/fleet-bus.ts';
import { describeLeases } from '../../../contracts/leases.ts';
import { describeReaderMarks } from '../../../contracts/reader-marks.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describeLeases('MemoryLeases', async () => {
  const clock = new ManualClock();
  const leases = new MemoryLeases({ clock });
  return { leases, elsewhere: leases, pass: async (byMs) => clock.advance(byMs) };
});

describeFleetBus('MemoryFleetBus', async () => {
  const bus = new MemoryFleetBus();
  return [bus, bus];
});

describeReaderMarks('MemoryReaderMarks', async () => new MemoryReaderMarks());
