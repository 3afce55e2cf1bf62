import { expect } from 'chai';
import { MemoryAgentEventStore } from '../../../src/adapters/outbound/memory/control/memory-agent-event-store.ts';
import { MemoryPolicyStore } from '../../../src/adapters/outbound/memory/control/memory-policy-store.ts';
import { MemoryFleetBus } from '../../../src/adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { ClassifyInTime } from '../../../src/application/control/classify-in-time.ts';
import { FairSlots } from '../../../src/application/control/fair-slots.ts';
import { LivePolicies } from '../../../src/application/control/live-policies.ts';
import { RecordInBatches } from '../../../src/application/control/record-in-batches.ts';
import {
  type EventSource,
  type IncomingEvent,
  KEEP_TRYING_MS,
  TakeEvents,
  type Taken,
} from '../../../src/application/control/take-events.ts';
import type { AgentEventStore } from '../../../src/application/ports/control/agent-event-store.ts';
import type { Finding } from '../../../src/application/ports/control/event-classifier.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { AgentEventState } from '../../../src/domain/control/agent-event-state.ts';
import { type ControlPolicy, DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import type { ControlWord } from '../../../src/domain/control/control-word.ts';
import type { MadCode } from '../../../src/domain/control/mad-code.ts';
import { FIRST_BOOK, withOverride, withPolicy } from '../../../src/domain/control/policy-book.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingAudit } from '../../support/recording-audit.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';
import { RecordingWatchman } from '../../support/recording-watchman.ts';

const BLOCK: ControlPolicy = { ...DEFAULT_POLICY, mode: 'block' };
const HITL: ControlPolicy = { ...DEFAULT_POLICY, mode: 'hitl' };
const CLOSED = { failClosedOnClassifierError: true };
const DANGEROUS: Finding = {
  kind: 'classified',
  code: 'M4.a' as MadCode,
  reason: 'Wipes a disk',
  rule: 'wipe',
};
const FAILED: Finding = { kind: 'error', reason: 'The classifier failed' };
const MAX_PENDING = 2;

const source = (changes: Partial<EventSource> = {}): EventSource => ({
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
const incoming = (
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

async function world(
  policy: ControlPolicy,
  given: {
    readonly finding?: Finding;
    readonly overrides?: Readonly<Record<string, ControlPolicy>>;
    readonly store?: (inner: AgentEventStore) => AgentEventStore;
    readonly isClassifyingDear?: boolean;
    /** Happens while an event is being classified; the policy that holds from then on. */
    readonly policyMeanwhile?: ControlPolicy;
  } = {},
) {
  const timers = new ManualTimers();
  const { clock } = timers;
  const audit = new RecordingAudit();
  const metrics = new RecordingMetrics();
  const log = new RecordingLog();
  const bus = new MemoryFleetBus();
  const words: ControlWord[] = [];
  bus.listen({
    onStopAsked: () => undefined,
    onRevoked: () => undefined,
    onMoved: () => undefined,
    onMissed: () => undefined,
    onControl: (word) => words.push(word),
  });
  const policyStore = new MemoryPolicyStore();
  let book = withPolicy(FIRST_BOOK, policy);
  await policyStore.write(book, []);
  for (const [agent, own] of Object.entries(given.overrides ?? {})) {
    book = withOverride(book, agent, own);
    await policyStore.write(book, []);
  }
  const policies = new LivePolicies({ store: policyStore, bus, timers, log });
  await policies.load();
  const inner = new MemoryAgentEventStore();
  const store = given.store?.(inner) ?? inner;
  let classified = 0;
  const classifier = {
    classify: async (): Promise<Finding> => {
      classified += 1;
      if (given.policyMeanwhile !== undefined) {
        book = withPolicy(book, given.policyMeanwhile);
        await policyStore.write(book, []);
        await policies.load();
      }
      return given.finding ?? DANGEROUS;
    },
  };
  const watchman = new RecordingWatchman();
  const takes = new TakeEvents({
    classify: new ClassifyInTime({ classifier, slots: new FairSlots(8), clock, timers, limitMs: 10_000 }),
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
    settings: { reviewDeadlineMs: 3_600_000, isClassifyingDear: given.isClassifyingDear ?? false },
  });
  return { takes, store: inner, words, audit, watchman, metrics, timers, classified: () => classified };
}

const kept = (taken: Taken): AgentEventState => {
  if (taken.kind !== 'kept') throw new Error('the event was not kept');
  return taken.state;
};

describe("taking agents' events", () => {
  it('keeps what alert mode tells nobody', async () => {
    const { takes, store } = await world(DEFAULT_POLICY);
    const state = kept(await takes.take(source(), incoming('evt-1')));
    expect(state).to.include({ delivery: 'none', rule: 'wipe' });
    expect(await store.find(state.id)).to.deep.equal(state);
  });

  it('makes a verdict due in block mode, and asks a person in the mode that does', async () => {
    const blocking = await world(BLOCK);
    expect(kept(await blocking.takes.take(source(), incoming('evt-1'))).delivery).to.equal('due');
    const asking = await world(HITL);
    const state = kept(await asking.takes.take(source(), incoming('evt-1')));
    expect(state.delivery).to.equal('waiting');
    expect(asking.words).to.deep.include({ kind: 'review', id: state.review?.id });
  });

  it('goes by the policy that holds when it decides, and still answers who was told to wait', async () => {
    for (const [before, meanwhile, delivery] of [
      [DEFAULT_POLICY, BLOCK, 'due'],
      [DEFAULT_POLICY, HITL, 'waiting'],
      [HITL, BLOCK, 'due'],
      [BLOCK, DEFAULT_POLICY, 'due'],
      [HITL, DEFAULT_POLICY, 'waiting'],
    ] as const) {
      const { takes } = await world(before, { policyMeanwhile: meanwhile });
      const state = kept(await takes.take(source(), incoming('evt-1')));
      expect(state.delivery, `${before.mode}, then ${meanwhile.mode}`).to.equal(delivery);
    }
  });

  it('asks nobody about what the editor plug-in asks its own user, whatever the event says of its source', async () => {
    const { takes } = await world(HITL);
    const plugIn = source({ source: 'claude-code' });
    expect(kept(await takes.take(plugIn, incoming('evt-1'))).delivery).to.equal('due');
    const liar = incoming('evt-2', { source: 'claude-code' });
    expect(kept(await takes.take(source(), liar)).delivery).to.equal('waiting');
  });

  it('gives the same bytes the verdict that they got, to the connection that asked last', async () => {
    const { takes } = await world(BLOCK);
    const first = kept(await takes.take(source(), incoming('evt-1')));
    const origin = { node: 'node-2', connection: 'connection-2' };
    const again = kept(await takes.take(source({ origin }), incoming('evt-1')));
    expect(again).to.include({ id: first.id, origin, delivery: 'due' });
    expect(again.verdict).to.deep.equal(first.verdict);
  });

  it('asks one person once about the same bytes', async () => {
    const { takes, store } = await world(HITL);
    const all = await Promise.all(Array.from({ length: 10 }, () => takes.take(source(), incoming('evt-1'))));
    expect(new Set(all.map((taken) => kept(taken).review?.id)).size).to.equal(1);
    const { reviews } = await store.statistics(0);
    expect(reviews.pending).to.equal(1);
  });

  it('classifies other bytes under a known id afresh, and says so in the audit', async () => {
    const { takes, audit, classified } = await world(BLOCK);
    const first = kept(await takes.take(source(), incoming('evt-1')));
    const other = kept(await takes.take(source(), incoming('evt-1', { byte: 2 })));
    expect(other.id).not.to.equal(first.id);
    expect(classified()).to.equal(2);
    expect(audit.records).to.deep.include({
      act: 'event.id_reused',
      outcome: 'refused',
      actor: 'key:key-1',
      object: other.id,
    });
  });

  it("neither answers from nor merges with another owner's event of the same id and bytes", async () => {
    const { takes, audit } = await world(BLOCK);
    const first = kept(await takes.take(source(), incoming('evt-1')));
    const other = kept(await takes.take(source({ owner: 'agent:day' }), incoming('evt-1')));
    expect(other).to.include({ owner: 'agent:day' });
    expect(other.id).not.to.equal(first.id);
    expect(audit.records.map(({ act }) => act)).not.to.include('event.id_reused');
  });

  it('asks the store before a classifier that costs', async () => {
    const { takes, classified } = await world(BLOCK, { isClassifyingDear: true });
    await takes.take(source(), incoming('evt-1'));
    await takes.take(source(), incoming('evt-1'));
    expect(classified()).to.equal(1);
  });

  it('answers no at once where the owner has as many open questions as he may have', async () => {
    const { takes, metrics } = await world(HITL);
    for (const name of ['evt-1', 'evt-2']) await takes.take(source(), incoming(name));
    const { delivery, review, verdict } = kept(await takes.take(source(), incoming('evt-3')));
    expect(delivery).to.equal('due');
    expect(review).to.include({ status: 'rejected', reason: 'too_many_reviews' });
    expect(verdict).to.deep.equal({ code: 'M4.a', status: 'ok', continueExecution: false });
    const other = kept(await takes.take(source({ owner: 'agent:day' }), incoming('evt-4')));
    expect(other.delivery).to.equal('waiting');
    const decided = metrics.of('holdfast_control_reviews_decided_total');
    expect(decided.map(({ labels }) => labels)).to.deep.equal([{ outcome: 'too_many' }]);
  });

  it('goes by what the key is bound to, and lets a client make its outcome only stricter', async () => {
    const overrides = { strict: BLOCK, lax: DEFAULT_POLICY };
    const { takes } = await world(HITL, { overrides });
    const claim = (agentId: string) => takes.take(source(), incoming(`evt-${agentId}`, { agentId }));
    expect(kept(await claim('strict')).delivery).to.equal('due');
    expect(kept(await claim('lax')).delivery).to.equal('waiting');
  });

  it('notes where an event names another session or connection than its login, and keeps it for the login', async () => {
    const { takes, audit, watchman } = await world(BLOCK);
    const state = kept(
      await takes.take(source(), incoming('evt-1', { sessionId: 'sess-2', connectionId: 'c-9' })),
    );
    expect(state.sessionId).to.equal('sess-1');
    expect(audit.records.map(({ act, facts }) => ({ act, facts }))).to.deep.include({
      act: 'event.claims_differ',
      facts: { sessionId: 'sess-2', connectionId: 'c-9' },
    });
    const alert = { kind: 'ids.mismatched', principal: source().owner, word: 'event' };
    expect(watchman.noticed).to.deep.equal([{ ...alert, detail: 'session sess-1' }]);
    await takes.take(source(), incoming('evt-2'));
    expect(watchman.noticed).to.have.length(1);
  });

  it('does as the policy says with what could not be classified', async () => {
    const closed = await world({ ...BLOCK, ...CLOSED }, { finding: FAILED });
    const halted = kept(await closed.takes.take(source(), incoming('evt-1')));
    expect(halted.verdict).to.deep.equal({ code: 'M4', status: 'error', continueExecution: false });
    const open = await world(BLOCK, { finding: FAILED });
    const letGo = kept(await open.takes.take(source(), incoming('evt-1')));
    expect(letGo.verdict).to.deep.equal({ code: '', status: 'error' });
    const asking = await world({ ...HITL, ...CLOSED }, { finding: FAILED });
    const asked = kept(await asking.takes.take(source(), incoming('evt-1')));
    expect(asked.review).to.include({ reason: 'classifier_error', status: 'pending' });
  });
});

describe("taking agents' events while the store fails", () => {
  const failing = (kind: PortError['kind'], times: number, isWritten: boolean) => {
    let left = times;
    return (inner: AgentEventStore): AgentEventStore => {
      const record: AgentEventStore['record'] = async (states, bounds) => {
        left -= 1;
        if (left < 0) return inner.record(states, bounds);
        if (isWritten) await inner.record(states, bounds);
        throw new PortError(kind, 'store', 'away');
      };
      return new Proxy(inner, {
        get: (target, name) => {
          if (name === 'record') return record;
          const member: unknown = Reflect.get(target, name);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    };
  };

  it('tries again, and keeps an event whose outcome was unknown once', async () => {
    for (const isWritten of [true, false]) {
      const { takes, store, timers } = await world(BLOCK, { store: failing('timeout', 1, isWritten) });
      const taking = takes.take(source(), incoming('evt-1'));
      await timers.advance(1_000);
      expect(kept(await taking).delivery).to.equal('due');
      expect((await store.statistics(0)).events).to.equal(1);
    }
  });

  it('gives up in time, and tells what the policy wants of an event that is not classified', async () => {
    for (const [policy, verdict] of [
      [
        { ...BLOCK, ...CLOSED },
        { code: 'M4', status: 'error', continueExecution: false },
      ],
      [BLOCK, { code: '', status: 'error' }],
      [DEFAULT_POLICY, undefined],
    ] as const) {
      const { takes, timers } = await world(policy, { store: failing('unavailable', 1_000, false) });
      const taking = takes.take(source(), incoming('evt-1'));
      await timers.advance(KEEP_TRYING_MS + 1_000);
      expect(await taking).to.deep.equal({ kind: 'unkept', verdict });
    }
  });
});
