import { expect } from 'chai';
import { AgentEvent, type TakenEvent } from '../../../src/domain/control/agent-event.ts';
import { mintAgentEventId, mintReviewId } from '../../../src/domain/control/agent-event-id.ts';
import { type ControlPolicy, DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import { type Dispatch, dispatch } from '../../../src/domain/control/dispatch.ts';
import type { MadCode } from '../../../src/domain/control/mad-code.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';

const HITL: ControlPolicy = { ...DEFAULT_POLICY, mode: 'hitl' };
const BLOCK: ControlPolicy = { ...DEFAULT_POLICY, mode: 'block' };
const FOUND = { kind: 'classified', code: 'M4.a' as MadCode, reason: 'Deletes everything' } as const;
const STOPPABLE = { pairType: 'llm', toolCalls: 1, source: '' } as const;
const REVIEW = { id: mintReviewId(1_000, 'r'.repeat(22)), deadlineMs: 3_600_000 };
const TAKEN: TakenEvent = {
  owner: 'agent:night',
  sessionId: 'sess-1',
  sha256: 'a'.repeat(64),
  bytes: Uint8Array.of(1, 2, 3),
  claims: {
    eventId: 'evt-1',
    sessionId: 'sess-1',
    connectionId: '',
    runId: 'run-1',
    agentId: 'night',
    source: '',
    pairType: 'llm',
  },
  origin: { node: 'node-1', connection: 'connection-1' },
  receivedAtMs: 1_000,
  found: FOUND,
};

const at = (nowMs: number) => ({ nowMs, mark: `mark-${nowMs}` });
const take = (what: Dispatch): AgentEvent =>
  AgentEvent.take(mintAgentEventId(1_000, 'e'.repeat(22)), TAKEN, what, () => REVIEW, at(1_000));
const under = (policy: ControlPolicy): AgentEvent => take(dispatch(FOUND, STOPPABLE, policy));
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
  }
  return 'none';
};

describe("an agent's event", () => {
  it('is kept and sent to nobody in alert mode', () => {
    const { delivery, review, verdict } = under(DEFAULT_POLICY).snapshot();
    expect({ delivery, review, code: verdict.code }).to.deep.equal({
      delivery: 'none',
      review: undefined,
      code: 'M4.a',
    });
  });

  it('is due to its agent in block mode, from the moment it was taken', () => {
    const { delivery, dueSinceMs } = under(BLOCK).snapshot();
    expect({ delivery, dueSinceMs }).to.deep.equal({ delivery: 'due', dueSinceMs: 1_000 });
  });

  it('waits for a person where one is asked, with a deadline', () => {
    const { delivery, review } = under(HITL).snapshot();
    expect(delivery).to.equal('waiting');
    expect(review).to.include({ status: 'pending', reason: 'code_in_scope', deadlineAtMs: 3_601_000 });
  });

  for (const [decision, goesOn] of [
    ['approved', true],
    ['rejected', false],
    ['expired', false],
  ] as const) {
    it(`is due with the decision once it is ${decision}`, () => {
      const resolved = under(HITL).resolve(
        { decision, by: 'user-1', comment: 'seen', policy: HITL },
        at(2_000),
      );
      const { delivery, dueSinceMs, verdict, review } = resolved.snapshot();
      expect({ delivery, dueSinceMs }).to.deep.equal({ delivery: 'due', dueSinceMs: 2_000 });
      expect(verdict).to.deep.equal({ code: 'M4.a', status: 'ok', continueExecution: goesOn });
      expect(review).to.include({
        status: decision,
        resolvedBy: 'user-1',
        comment: 'seen',
        resolvedAtMs: 2_000,
      });
    });
  }

  it('is decided once: whoever comes second is told so, whatever he wants', () => {
    const resolved = under(HITL).resolve({ decision: 'approved', policy: HITL }, at(2_000));
    for (const decision of ['approved', 'rejected', 'expired'] as const) {
      expect(codeOf(() => resolved.resolve({ decision, policy: HITL }, at(3_000)))).to.equal(
        'review.already_resolved',
      );
    }
  });

  it('about which nobody was asked cannot be decided', () => {
    expect(codeOf(() => under(BLOCK).resolve({ decision: 'approved', policy: BLOCK }, at(2_000)))).to.equal(
      'review.not_found',
    );
  });

  it('is refused at once where its owner has too many open questions', () => {
    const { review, verdict, delivery } = under(HITL).refuseReview(HITL, at(1_001)).snapshot();
    expect(review).to.include({ status: 'rejected', reason: 'too_many_reviews' });
    expect({ ...verdict, delivery }).to.include({ continueExecution: false, delivery: 'due' });
  });

  it('is overdue from its deadline on, and only while nobody has decided', () => {
    const asked = under(HITL);
    expect([asked.isOverdueAt(3_600_999), asked.isOverdueAt(3_601_000)]).to.deep.equal([false, true]);
    const resolved = asked.resolve({ decision: 'approved', policy: HITL }, at(2_000));
    expect(resolved.isOverdueAt(3_601_000)).to.equal(false);
  });

  it('that comes again while a person is asked is answered to where it came from last', () => {
    const origin = { node: 'node-2', connection: 'connection-2' };
    const resent = under(HITL).resent(origin, HITL, at(2_000))?.snapshot();
    expect(resent).to.include({ origin, delivery: 'waiting' });
  });

  it('that comes again once it is answered is answered again with the same', () => {
    const origin = { node: 'node-2', connection: 'connection-2' };
    const resent = under(BLOCK).resent(origin, BLOCK, at(9_000))?.snapshot();
    expect(resent).to.include({ origin, delivery: 'due', dueSinceMs: 9_000 });
    expect(resent?.verdict).to.deep.equal(under(BLOCK).snapshot().verdict);
  });

  it('that comes again in alert mode stays as it is', () => {
    const origin = { node: 'node-2', connection: 'connection-2' };
    expect(under(DEFAULT_POLICY).resent(origin, DEFAULT_POLICY, at(2_000))).to.equal(undefined);
  });

  it("is the session's once its connection has gone, unless another has asked since", () => {
    const { origin } = under(HITL).orphaned('connection-1', at(2_000))?.snapshot() ?? {};
    expect(origin).to.equal(undefined);
    expect(under(HITL).orphaned('connection-2', at(2_000))).to.equal(undefined);
  });
});
