import { MemoryAgentEventStore } from '../../src/adapters/outbound/memory/control/memory-agent-event-store.ts';
import { MemoryMcpInventories } from '../../src/adapters/outbound/memory/control/memory-mcp-inventories.ts';
import { MemoryPolicyStore } from '../../src/adapters/outbound/memory/control/memory-policy-store.ts';
import { MemoryFleetBus } from '../../src/adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import { MemoryLeases } from '../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemorySubscriberDirectory } from '../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { LivePolicies } from '../../src/application/control/live-policies.ts';
import { Turn } from '../../src/application/fleet/turn.ts';
import type { AgentEventState } from '../../src/domain/control/agent-event-state.ts';
import type { ControlWord } from '../../src/domain/control/control-word.ts';
import { T0 } from './ledger-builders.ts';
import { ManualClock } from './manual-clock.ts';
import { ManualTimers } from './manual-timers.ts';
import { RecordingAudit } from './recording-audit.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingMetrics } from './recording-metrics.ts';
import { NODE_1 } from './stream-builders.ts';

/** What the use cases of whoever watches over agents work on, in memory, at a time that a test moves by hand. */
export class ControlDesk {
  readonly timers = new ManualTimers(new ManualClock(T0 + 60_000));
  readonly clock = this.timers.clock;
  readonly audit = new RecordingAudit();
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();
  readonly ids = new CryptoIdSource();
  readonly bus = new MemoryFleetBus();
  readonly store = new MemoryAgentEventStore(this.audit.log);
  readonly policyStore = new MemoryPolicyStore(this.audit.log);
  readonly inventories = new MemoryMcpInventories();
  readonly directory = new MemorySubscriberDirectory(this.audit.log);
  readonly policies = new LivePolicies({
    store: this.policyStore,
    bus: this.bus,
    timers: this.timers,
    log: this.log,
  });
  /** Every word that was told, in order. */
  readonly words: ControlWord[] = [];

  constructor() {
    this.bus.listen({ onControl: (word) => this.words.push(word), onMissed: () => undefined });
  }

  /** Keeps events as if they had come. */
  async keep(...states: readonly AgentEventState[]): Promise<void> {
    await this.store.record(states, { maxPendingReviews: 1_000 });
  }

  turn(): Turn {
    const { timers, log } = this;
    return new Turn(
      { leases: new MemoryLeases(timers), node: { id: NODE_1 }, timers, log },
      { work: 'events', lifeMs: 5_000 },
    );
  }
}
