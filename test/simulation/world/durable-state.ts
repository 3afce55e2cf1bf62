import { MemoryReservationLedger } from '../../../src/adapters/outbound/memory/accounting/memory-reservation-ledger.ts';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemoryChatRepository } from '../../../src/adapters/outbound/memory/streaming/memory-chat-repository.ts';
import { MemoryEventLog } from '../../../src/adapters/outbound/memory/streaming/memory-event-log.ts';
import { MemoryStreamRepository } from '../../../src/adapters/outbound/memory/streaming/memory-stream-repository.ts';
import { MemoryStreamingStore } from '../../../src/adapters/outbound/memory/streaming/memory-streaming-store.ts';
import { SimulatedServer } from './network.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What outlives every process: the servers, and the stores that they keep. */
export class DurableState {
  readonly streamServer = new SimulatedServer('streams');
  readonly ledgerServer = new SimulatedServer('ledger');
  /** Accounting as a service of its own, in front of the ledger. */
  readonly accountingServer = new SimulatedServer('accounting');
  readonly store = new MemoryStreamingStore();
  readonly chats = new MemoryChatRepository(this.store);
  readonly streams = new MemoryStreamRepository(this.store);
  readonly eventLog = new MemoryEventLog(this.store);
  readonly ledger = new MemoryReservationLedger();
  readonly leases: MemoryLeases;

  constructor(time: VirtualTime) {
    this.leases = new MemoryLeases({ clock: { nowMs: () => time.nowMs } });
  }
}
