import { expect } from 'chai';
import { KeepEvents, LOOK_AT_DEADLINES_MS } from '../../../src/application/control/keep-events.ts';
import { VERDICT_LIFE_MS } from '../../../src/domain/control/agent-event-state.ts';
import {
  anAgentEvent,
  anAskingEvent,
  eventIdOf,
  REVIEW_MS,
  resolvedEvent,
  reviewIdOf,
} from '../../support/agent-event-builders.ts';
import { ControlDesk } from '../../support/control-desk.ts';
import { DAY_MS, T0 } from '../../support/ledger-builders.ts';

const RETENTION_MS = 30 * DAY_MS;

describe("keeping agents' events", () => {
  let desk: ControlDesk;
  let keeper: KeepEvents;
  beforeEach(() => {
    desk = new ControlDesk();
    keeper = new KeepEvents({ ...desk, turn: desk.turn(), retentionMs: RETENTION_MS });
  });

  it('rejects what nobody has decided about in time, and says so to everybody', async () => {
    await desk.keep(anAskingEvent(1));
    await desk.timers.advance(T0 + REVIEW_MS - desk.clock.nowMs());
    expect(await keeper.expire()).to.equal(0);
    await desk.timers.advance(1);
    expect(await keeper.expire()).to.equal(1);
    const found = await desk.store.findByReview(reviewIdOf(1));
    expect(found?.review?.status).to.equal('expired');
    expect(found).to.include({ delivery: 'due' });
    expect(found?.verdict.continueExecution).to.equal(false);
    expect(desk.words.map(({ kind }) => kind)).to.deep.equal(['due', 'review']);
    expect(desk.audit.records).to.have.length(1);
    const decided = desk.metrics.of('holdfast_control_reviews_decided_total');
    expect(decided.map(({ labels }) => labels)).to.deep.equal([{ outcome: 'expired' }]);
  });

  it('tells how many questions wait for a person', async () => {
    await desk.keep(anAskingEvent(1), anAskingEvent(2), anAgentEvent(3));
    const stop = new AbortController();
    const running = keeper.execute({ signal: stop.signal });
    await desk.timers.advance(0);
    const open = () => desk.metrics.of('holdfast_control_reviews_open').map(({ value }) => value);
    expect(open()).to.deep.equal([2]);
    await desk.store.put(resolvedEvent(anAskingEvent(1), 'approved'), anAskingEvent(1).mark);
    await desk.timers.advance(5 * LOOK_AT_DEADLINES_MS);
    expect(open()).to.deep.equal([2, 1]);
    stop.abort();
    await running;
  });

  it('goes on after the review that a person was quicker with', async () => {
    const [first, second] = [anAskingEvent(1), anAskingEvent(2)];
    await desk.keep(second);
    await desk.timers.advance(REVIEW_MS);
    const resolved = await desk.store.findByReview(reviewIdOf(2));
    const overdue = [{ ...first, review: { ...first.review, status: 'approved' } }, resolved];
    const store = Object.assign(Object.create(desk.store), {
      overdue: async () => overdue.splice(0),
      put: desk.store.put.bind(desk.store),
    });
    const other = new KeepEvents({ ...desk, store, turn: desk.turn(), retentionMs: RETENTION_MS });
    expect(await other.expire()).to.equal(1);
  });

  it('does so by itself, within a second of the deadline', async () => {
    await desk.keep(anAskingEvent(1));
    const stop = new AbortController();
    const running = keeper.execute({ signal: stop.signal });
    await desk.timers.advance(REVIEW_MS + LOOK_AT_DEADLINES_MS);
    expect((await desk.store.findByReview(reviewIdOf(1)))?.review?.status).to.equal('expired');
    stop.abort();
    await running;
  });

  it('lets verdicts lapse that nobody has come for within their life', async () => {
    await desk.keep(anAgentEvent(1));
    await desk.timers.advance(VERDICT_LIFE_MS + 2);
    await keeper.clean();
    expect(await desk.store.find(eventIdOf(1))).to.include({ delivery: 'lapsed' });
  });

  it('forgets what is older than it is kept, events and inventories', async () => {
    await desk.keep(anAgentEvent(1));
    const server = { name: 'files', transport: 'stdio', endpoint: 'files --root /' };
    await desk.inventories.replace({ owner: 'agent:1', sessionId: 's' }, [server], desk.clock.nowMs());
    await desk.timers.advance(RETENTION_MS - 120_000);
    await keeper.clean();
    expect(await desk.store.find(eventIdOf(1))).to.not.equal(undefined);
    expect(await desk.inventories.list({ limit: 10 })).to.have.length(1);
    await desk.timers.advance(180_001);
    await keeper.clean();
    expect(await desk.store.find(eventIdOf(1))).to.equal(undefined);
    expect(await desk.inventories.list({ limit: 10 })).to.deep.equal([]);
  });
});
