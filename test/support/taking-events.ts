import { MemoryAgentEventStore } from '../../src/adapters/outbound/memory/control/memory-agent-event-store.ts';
import { MemoryPolicyStore } from '../../src/adapters/outbound/memory/control/memory-policy-store.ts';
import { MemoryFleetBus } from '../../src/adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { ClassifyInTime } from '../../src/application/control/classify-in-time.ts';
import type { EventSource, IncomingEvent } from '../../src/application/control/event-arrival.ts';
import { FairSlots } from '../../src/application/control/fair-slots.ts';
import { LivePolicies } from '../../src/application/control/live-policies.ts';
import { RecordInBatches } from '../../src/application/control/record-in-batches.ts';
import { TakeEvents, type Taken } from '../../src/application/control/take-events.ts';
import type { AgentEventStore } from '../../src/application/ports/control/agent-event-store.ts';
import type { Finding } from '../../src/application/ports/control/event-classifier.ts';
import type { AgentEventState } from '../../src/domain/control/agent-event-state.ts';
import { type ControlPolicy, DEFAULT_POLICY } from '../../src/domain/control/control-policy.ts';
import type { ControlWord } from '../../src/domain/control/control-word.ts';
import type { MadCode } from '../../src/domain/control/mad-code.ts';
import { FIRST_BOOK, withOverride, withPolicy } from '../../src/domain/control/policy-book.ts';
import { ManualTimers } from './manual-timers.ts';
import { RecordingAudit } from './recording-audit.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingMetrics } from './recording-metrics.ts';
import { RecordingWatchman } from './recording-watchman.ts';

export const BLOCK: ControlPolicy = { ...DEFAULT_POLICY, mode: 'block' };
export const HITL: ControlPolicy = { ...DEFAULT_POLICY, mode: 'hitl' };
export const CLOSED = { failClosedOnClassifierError: true };
export const DANGEROUS: Finding = {
  kind: 'classified',
  code: 'M4.a' as MadCode,
  reason: 'Wipes a disk',
  rule: 'wipe',
};
export const FAILED: Finding = { kind: 'error', reason: 'The classifier failed' };
export const MAX_PENDING = 2;
export const DEADLINE_MS = 10_000;
const CLASSIFYING_MS = 9_000;

export const source = (changes: Partial<EventSource> = {}): EventSource => ({
  owner: 'agent:night',
  profile: 'night',
  actor: 'key:key-1' as EventSource['actor'],
  sessionId: 'sess-1',
  connectionId: '',
  source: 'sdk',
  origin: { node: 'node-1', connection: 'connection-1' },
  ...changes,
});

/** An LLM pair that asks for a tool; `bytes` is what makes it another event under the same id. */
export const incoming = (
  eventId: string,
  { byte = 1, ...claims }: Partial<IncomingEvent['claims']> & { byte?: number } = {},
): IncomingEvent => ({
  bytes: Uint8Array.of(byte),
  sha256: String(byte).padStart(64, '0'),
  claims: {
    eventId,
    sessionId: 'sess-1',
    connectionId: '',
    runId: 'run-1',
    agentId: 'night',
    source: 'sdk',
    pairType: 'llm',
    ...claims,
  },
  classified: {
    pairType: 'llm',
    profile: 'night',
    agentId: claims.agentId ?? 'night',
    source: 'sdk',
    calls: [{ name: 'bash', args: '{"command":"rm -rf /"}' }],
    messages: [],
    output: '',
  },
});

interface Given {
  readonly finding?: Finding;
  readonly overrides?: Readonly<Record<string, ControlPolicy>>;
  readonly store?: (inner: AgentEventStore) => AgentEventStore;
  readonly isClassifyingDear?: boolean;
  /** Whether the classifier never answers. */
  readonly isStuck?: boolean;
  /** Happens while an event is being classified; the policy that holds from then on. */
  readonly policyMeanwhile?: ControlPolicy;
}

/** The policies of a world, which change as a test says. */
async function policiesOf(
  policy: ControlPolicy,
  overrides: Given['overrides'],
  parts: Omit<ConstructorParameters<typeof LivePolicies>[0], 'store'>,
) {
  const policyStore = new MemoryPolicyStore();
  let book = withPolicy(FIRST_BOOK, policy);
  await policyStore.write(book, []);
  for (const [agent, own] of Object.entries(overrides ?? {})) {
    book = withOverride(book, agent, own);
    await policyStore.write(book, []);
  }
  const policies = new LivePolicies({ store: policyStore, ...parts });
  await policies.load();
  const change = async (next: ControlPolicy): Promise<void> => {
    book = withPolicy(book, next);
    await policyStore.write(book, []);
    await policies.load();
  };
  return { policies, change };
}

/** What takes events, over memory, at a time that a test moves by hand. */
export async function world(policy: ControlPolicy, given: Given = {}) {
  const timers = new ManualTimers();
  const { clock } = timers;
  const audit = new RecordingAudit();
  const metrics = new RecordingMetrics();
  const log = new RecordingLog();
  const bus = new MemoryFleetBus();
  const words: ControlWord[] = [];
  bus.listen({
    onMissed: () => undefined,
    onControl: (word) => words.push(word),
  });
  const { policies, change } = await policiesOf(policy, given.overrides, { bus, timers, log });
  const inner = new MemoryAgentEventStore();
  const store = given.store?.(inner) ?? inner;
  let classified = 0;
  const classifier = {
    classify: async (): Promise<Finding> => {
      classified += 1;
      if (given.isStuck) await new Promise(() => undefined);
      if (given.policyMeanwhile !== undefined) await change(given.policyMeanwhile);
      return given.finding ?? DANGEROUS;
    },
  };
  const watchman = new RecordingWatchman();
  const takes = new TakeEvents({
    classify: new ClassifyInTime({
      classifier,
      slots: new FairSlots(8),
      clock,
      timers,
      limitMs: CLASSIFYING_MS,
    }),
    records: new RecordInBatches(store, MAX_PENDING),
    store,
    policies,
    bus,
    audit,
    watchman,
    clock,
    timers,
    ids: new CryptoIdSource(),
    metrics,
    log,
    settings: {
      reviewDeadlineMs: 3_600_000,
      isClassifyingDear: given.isClassifyingDear ?? false,
      verdictDeadlineMs: DEADLINE_MS,
    },
  });
  return { takes, store: inner, words, audit, watchman, metrics, timers, classified: () => classified };
}

export const kept = (taken: Taken): AgentEventState => {
  if (taken.kind !== 'kept') throw new Error('the event was not kept');
  return taken.state;
};

export const unkept = (taken: Taken): Extract<Taken, { readonly kind: 'unkept' }> => {
  if (taken.kind !== 'unkept') throw new Error('the event was kept');
  return taken;
};

/** A store of which one member is another. */
export const withMember = (
  inner: AgentEventStore,
  name: keyof AgentEventStore,
  other: unknown,
): AgentEventStore =>
  new Proxy(inner, {
    get: (target, asked) => {
      const member: unknown = asked === name ? other : Reflect.get(target, asked);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
