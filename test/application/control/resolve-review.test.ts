import { expect } from 'chai';
import { ChangePolicy } from '../../../src/application/control/change-policy.ts';
import { ResolveReview } from '../../../src/application/control/reviews/resolve-review.ts';
import type { AgentEventStore } from '../../../src/application/ports/control/agent-event-store.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { AgentEventState } from '../../../src/domain/control/agent-event-state.ts';
import { Subscriber } from '../../../src/domain/multiplexing/subscriber.ts';
import { SUBSCRIBER_BOUNDS } from '../../../src/domain/multiplexing/subscriber-bounds.ts';
import {
  agent,
  anAgentEvent,
  anAskingEvent,
  orphanedEvent,
  policyIn,
  REVIEW_MS,
  reviewIdOf,
} from '../../support/agent-event-builders.ts';
import { ControlDesk } from '../../support/control-desk.ts';
import { user } from '../../support/ledger-builders.ts';
import { codeOf } from '../../support/refusals.ts';
import { aRouteClaim } from '../../support/subscriber-builders.ts';

const REVIEWER = user(7);

describe('deciding about a review', () => {
  let desk: ControlDesk;
  beforeEach(() => {
    desk = new ControlDesk();
  });

  /** The only node that lives is that of the builders' events. */
  const nodes = { isThis: (node: string) => node === 'node-1', isElsewhere: async () => false };

  const resolver = (store: AgentEventStore = desk.store): ResolveReview =>
    new ResolveReview({ ...desk, store, nodes });
  const approve = (store?: AgentEventStore) =>
    resolver(store).execute({
      reviewId: reviewIdOf(1),
      decision: 'approved',
      comment: 'I know this host.',
      by: REVIEWER,
      requestId: 'request-1',
    });
  const reject = (reviewId: string = reviewIdOf(1)) =>
    resolver().execute({ reviewId, decision: 'rejected', by: REVIEWER, requestId: 'request-2' });
  const stored = async (number = 1): Promise<AgentEventState | undefined> =>
    desk.store.findByReview(reviewIdOf(number));

  it('makes the answer due to the agent, and says so to every node', async () => {
    await desk.keep(anAskingEvent(1));
    const { event } = await approve();
    expect(event).to.deep.include({ delivery: 'due', dueSinceMs: desk.clock.nowMs() });
    expect(event.verdict).to.include({ continueExecution: true });
    expect(await stored()).to.deep.equal(event);
    expect(desk.words).to.deep.equal([
      { kind: 'due', route: { owner: agent(1), sessionId: 'sess-1' } },
      { kind: 'review', id: reviewIdOf(1) },
    ]);
  });

  it('is counted by what was decided, once', async () => {
    await desk.keep(anAskingEvent(1), anAskingEvent(2));
    await approve();
    expect(await codeOf(reject)).to.equal('review.already_resolved');
    await reject(reviewIdOf(2));
    const decided = desk.metrics.of('holdfast_control_reviews_decided_total');
    expect(decided.map(({ labels, value }) => [labels.outcome, value])).to.deep.equal([
      ['approved', 1],
      ['rejected', 1],
    ]);
  });

  it('keeps who decided, when, and what he said', async () => {
    await desk.keep(anAskingEvent(1));
    await approve();
    expect((await stored())?.review).to.include({
      status: 'approved',
      resolvedBy: REVIEWER,
      resolvedAtMs: desk.clock.nowMs(),
      comment: 'I know this host.',
    });
  });

  it('is audited with the act itself, without what anybody has written', async () => {
    await desk.keep(anAskingEvent(1));
    await approve();
    const [record, ...others] = desk.audit.records;
    expect(others).to.deep.equal([]);
    expect(record).to.deep.include({
      act: 'review.approved',
      outcome: 'done',
      actor: REVIEWER,
      object: reviewIdOf(1),
      requestId: 'request-1',
    });
    expect(record?.facts).to.include({ code: 'M4.a', owner: agent(1), commented: true });
    expect(JSON.stringify(record)).to.not.include('host');
  });

  it('is done once: whoever is second is told so, and changes nothing', async () => {
    await desk.keep(anAskingEvent(1));
    await approve();
    expect(await codeOf(reject)).to.equal('review.already_resolved');
    expect((await stored())?.review?.status).to.equal('approved');
    expect(desk.audit.records).to.have.length(1);
  });

  it('has one outcome when two decide at once on two nodes', async () => {
    await desk.keep(anAskingEvent(1));
    const outcomes = await Promise.allSettled([approve(), reject(), approve(), reject()]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.code)).to.deep.equal(Array(3).fill('review.already_resolved'));
    expect(desk.audit.records).to.have.length(1);
  });

  it('is decided anew on what the event has become meanwhile', async () => {
    const asking = anAskingEvent(1);
    await desk.keep(asking);
    let isFirst = true;
    const put: AgentEventStore['put'] = async (next, expected, audit) => {
      if (isFirst) {
        isFirst = false;
        await desk.store.put(orphanedEvent(asking), asking.mark);
      }
      return desk.store.put(next, expected, audit);
    };
    const store = new Proxy(desk.store, {
      get: (target, name) => {
        if (name === 'put') return put;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const { event } = await approve(store);
    expect(event.origin).to.equal(undefined);
    expect(event.review?.status).to.equal('approved');
  });

  it('approves nothing whose deadline has come, even before that was written down', async () => {
    await desk.keep(anAskingEvent(1));
    await desk.timers.advance(REVIEW_MS);
    expect(await codeOf(approve)).to.equal('review.already_resolved');
    const late = await stored();
    expect(late?.review).to.include({ status: 'expired' });
    expect(late?.verdict.continueExecution).to.equal(false);
    expect(desk.audit.records.map(({ act, actor }) => ({ act, actor }))).to.deep.equal([
      { act: 'review.expired', actor: 'system' },
    ]);
  });

  it('halts by a code that the policy of now enables', async () => {
    await desk.keep(anAskingEvent(1));
    const change = new ChangePolicy({ ...desk, store: desk.policyStore });
    const policy = { ...policyIn('hitl'), m3: true, m4: false };
    await change.execute({ policy, by: REVIEWER, requestId: 'request-3' });
    const { event } = await reject();
    expect(event.verdict).to.deep.equal({ code: 'M3', status: 'ok', continueExecution: false });
  });

  it('finds nothing where nobody was asked, or the id is none', async () => {
    await desk.keep(anAgentEvent(1));
    expect(await codeOf(() => reject())).to.equal('review.not_found');
    expect(await codeOf(() => reject("rev-'; DROP TABLE"))).to.equal('review.not_found');
  });

  it('says that the agent is away when neither its connection nor another is there', async () => {
    await desk.keep(orphanedEvent(anAskingEvent(1)));
    expect((await reject()).isAway).to.equal(true);
  });

  it('says so too when the node that the agent was connected to is gone', async () => {
    await desk.keep(anAskingEvent(1, { origin: { node: 'node-2', connection: 'connection-1' } }));
    expect((await reject()).isAway).to.equal(true);
  });

  it('says nothing of the kind while somebody of the agent’s is connected', async () => {
    const claim = aRouteClaim({ id: 'control:sess-1', owner: agent(1) });
    const { subscriber } = Subscriber.claim(undefined, claim, { nowMs: desk.clock.nowMs(), mark: 'claimed' });
    const condition = { expected: undefined, bounds: SUBSCRIBER_BOUNDS.control };
    await desk.directory.put(subscriber.snapshot(), condition);
    await desk.keep(orphanedEvent(anAskingEvent(1)), anAskingEvent(2));
    expect((await reject()).isAway).to.equal(false);
    expect((await reject(reviewIdOf(2))).isAway).to.equal(false);
  });

  it('is told to those who wait also when nobody knows whether it was stored', async () => {
    await desk.keep(anAskingEvent(1));
    const put: AgentEventStore['put'] = async (...given) => {
      await desk.store.put(...given);
      throw new PortError('timeout', 'store', 'no answer in time');
    };
    const store: AgentEventStore = Object.assign(Object.create(desk.store), {
      put,
      findByReview: desk.store.findByReview.bind(desk.store),
    });
    const outcome = await approve(store).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(PortError);
    expect(desk.words.map(({ kind }) => kind)).to.deep.equal(['due', 'review']);
  });
});
