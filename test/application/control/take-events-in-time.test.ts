import { expect } from 'chai';
import { LEAST_TO_BE_KEPT_MS, type Taken } from '../../../src/application/control/take-events.ts';
import type { AgentEventStore } from '../../../src/application/ports/control/agent-event-store.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import type { MadCode } from '../../../src/domain/control/mad-code.ts';
import {
  BLOCK,
  CLOSED,
  DEADLINE_MS,
  HITL,
  incoming,
  kept,
  source,
  unkept,
  withMember,
  world,
} from '../../support/taking-events.ts';

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
      return withMember(inner, 'record', record);
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
      await timers.advance(DEADLINE_MS);
      const { late, ...told } = unkept(await taking);
      expect(told).to.deep.equal({ kind: 'unkept', verdict });
      await timers.advance(1_000);
      expect(await late).to.include({ kind: 'unkept' });
    }
  });

  /** A store that takes what comes, and answers only when it is let go on. */
  const hanging = (first: 'record' | 'findSame') => {
    const waiting: Array<() => void> = [];
    const store = (inner: AgentEventStore): AgentEventStore =>
      withMember(inner, first, async (...given: unknown[]) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return Reflect.apply(inner[first], inner, given);
      });
    return { store, goOn: () => waiting.splice(0).forEach((resolve) => void resolve()) };
  };

  it('6. fail_closed_on_classifier_error is enforced on the server: decides within the deadline, though the classifier never answers and the store hangs after that', async () => {
    for (const first of ['record', 'findSame'] as const) {
      const { store } = hanging(first);
      const given = { store, isStuck: true, isClassifyingDear: true };
      const { takes, timers, metrics } = await world({ ...HITL, ...CLOSED }, given);
      let told: Taken | undefined;
      void takes.take(source(), incoming('evt-1')).then((taken) => {
        told = taken;
      });
      await timers.advance(DEADLINE_MS - 1);
      expect(told).to.equal(undefined);
      await timers.advance(1);
      expect(told && unkept(told).verdict).to.deep.equal({
        ...{ code: 'M4', status: 'error', continueExecution: false },
      });
      const outcomes = metrics.of('holdfast_control_events_total').map(({ labels }) => labels);
      expect(outcomes).to.deep.equal([{ outcome: 'unkept' }]);
    }
  });

  it('halts what may be worse than what the policy lets pass, and keeps of it that it could not be classified', async () => {
    const known = { kind: 'classified', code: 'M3.a' as MadCode, reason: 'Deletes', rule: 'a.rule' } as const;
    const finding = { kind: 'error', reason: 'The model failed', known } as const;
    const { takes } = await world({ ...BLOCK, ...CLOSED, m3: false }, { finding });
    const state = kept(await takes.take(source(), incoming('evt-1')));
    expect(state.verdict).to.deep.equal({ code: 'M4', status: 'error', continueExecution: false });
    expect(state.found).to.deep.equal({ kind: 'error', reason: 'The model failed' });
  });

  it('counts from when an event was received, and keeps also what has waited until its deadline', async () => {
    const { takes, timers, store } = await world({ ...BLOCK, ...CLOSED }, { isStuck: true });
    await timers.advance(2 * DEADLINE_MS);
    const [nowMs, halted] = [timers.clock.nowMs(), { code: 'M4', status: 'error', continueExecution: false }];
    const over = kept(await takes.take(source(), incoming('evt-1'), nowMs - DEADLINE_MS));
    expect([over.verdict, over.found.kind]).to.deep.equal([halted, 'error']);
    const half = takes.take(source(), incoming('evt-2'), nowMs - DEADLINE_MS / 2);
    await timers.advance(DEADLINE_MS / 2);
    expect(kept(await half).verdict).to.deep.equal(halted);
    expect((await store.statistics(0)).events).to.equal(2);
  });

  it('tells what it must of what has waited until its deadline, though the store hangs', async () => {
    const { store } = hanging('record');
    const { takes, timers } = await world({ ...BLOCK, ...CLOSED }, { store });
    await timers.advance(2 * DEADLINE_MS);
    const taking = takes.take(source(), incoming('evt-1'), timers.clock.nowMs() - DEADLINE_MS);
    await timers.advance(LEAST_TO_BE_KEPT_MS);
    expect(unkept(await taking).verdict).to.include({ code: 'M4', continueExecution: false });
  });

  it('classifies and keeps an event of which the store could not tell whether it is known', async () => {
    let looks = 0;
    const store = (inner: AgentEventStore): AgentEventStore =>
      withMember(inner, 'findSame', async (...given: unknown[]) => {
        looks += 1;
        if (looks === 1) throw new PortError('unavailable', 'store', 'away');
        return Reflect.apply(inner.findSame, inner, given);
      });
    const { takes } = await world(BLOCK, { store, isClassifyingDear: true });
    expect(kept(await takes.take(source(), incoming('evt-1'))).delivery).to.equal('due');
  });

  it('answers late with what the store has taken after all, and writes nothing that nobody waits for any more', async () => {
    const { store, goOn } = hanging('record');
    const { takes, timers, store: kept } = await world(BLOCK, { store });
    const begun = takes.take(source(), incoming('evt-1'));
    await timers.advance(100);
    const behind = takes.take(source(), incoming('evt-2'));
    await timers.advance(DEADLINE_MS);
    const [first, second] = [unkept(await begun), unkept(await behind)];
    expect(await second.late).to.include({ kind: 'unkept' });
    goOn();
    const late = await first.late;
    expect(late?.kind === 'kept' && late.state.delivery).to.equal('due');
    await timers.advance(DEADLINE_MS);
    goOn();
    expect((await kept.statistics(0)).events).to.equal(1);
  });
});
