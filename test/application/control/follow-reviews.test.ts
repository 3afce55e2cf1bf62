import { expect } from 'chai';
import {
  FollowReviews,
  LOOK_AT_REVIEWS_MS,
  MAX_REVIEW_FOLLOWERS_OF_ONE,
} from '../../../src/application/control/reviews/follow-reviews.ts';
import type { ReviewFollower } from '../../../src/application/control/reviews/review-follower.ts';
import type { FleetListener } from '../../../src/application/ports/fleet/fleet-bus.ts';
import type { ReviewId } from '../../../src/domain/control/agent-event-state.ts';
import { anAskingEvent, resolvedEvent, reviewIdOf } from '../../support/agent-event-builders.ts';
import { ControlDesk } from '../../support/control-desk.ts';
import { user } from '../../support/ledger-builders.ts';
import { codeOf } from '../../support/refusals.ts';

/** A bus that a test connects and cuts. */
class CutBus {
  isConnected = false;
  listener: FleetListener | undefined;
  listen(listener: FleetListener): () => void {
    this.listener = listener;
    return () => undefined;
  }
}

describe('following reviews', () => {
  let desk: ControlDesk;
  let stop: AbortController;
  let running: Promise<void>;
  beforeEach(() => {
    desk = new ControlDesk();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  function start(bus: CutBus | ControlDesk['bus'] = desk.bus): FollowReviews {
    const reviews = new FollowReviews({ ...desk, bus });
    running = reviews.execute({ signal: stop.signal });
    return reviews;
  }
  const told = async (follower: ReviewFollower): Promise<unknown[] | undefined> =>
    (await follower.next())?.map((news) =>
      news.kind === 'review' ? [news.event.review?.id, news.event.review?.status] : news.kind,
    );

  it('tells of what is asked and of what is decided, as the bus says so', async () => {
    const follower = start().follow(user(1));
    await desk.keep(anAskingEvent(1));
    desk.bus.tellControl({ kind: 'review', id: reviewIdOf(1) });
    expect(await told(follower)).to.deep.equal([[reviewIdOf(1), 'pending']]);
    await desk.store.put(resolvedEvent(anAskingEvent(1)), anAskingEvent(1).mark);
    desk.bus.tellControl({ kind: 'review', id: reviewIdOf(1) });
    expect(await told(follower)).to.deep.equal([[reviewIdOf(1), 'approved']]);
  });

  it('tells a slow follower the latest state alone, and to look for himself when there is too much', async () => {
    const reviews = start();
    const [slow, other] = [reviews.follow(user(1)), reviews.follow(user(1))];
    for (let number = 1; number <= 201; number += 1) {
      await desk.keep(anAskingEvent(number));
      desk.bus.tellControl({ kind: 'review', id: reviewIdOf(number) });
      expect(await told(other)).to.deep.equal([[reviewIdOf(number), 'pending']]);
    }
    expect(await told(slow)).to.deep.equal(['missed', [reviewIdOf(201), 'pending']]);
  });

  it('says to look anew when words may have been lost', async () => {
    const bus = new CutBus();
    bus.isConnected = true;
    const follower = start(bus).follow(user(1));
    bus.listener?.onMissed();
    expect(await told(follower)).to.deep.equal(['missed']);
  });

  it('says so too when a node is gone, which may have said nothing of what it wrote last', async () => {
    const reviews = start();
    const follower = reviews.follow(user(1));
    reviews.nodesGone();
    expect(await told(follower)).to.deep.equal(['missed']);
  });

  it('looks into the store every two seconds while the bus is not connected', async () => {
    const follower = start(new CutBus()).follow(user(1));
    await desk.timers.advance(LOOK_AT_REVIEWS_MS);
    expect(await told(follower)).to.deep.equal(['missed']);
    await desk.keep(anAskingEvent(1));
    await desk.timers.advance(LOOK_AT_REVIEWS_MS);
    expect(await told(follower)).to.deep.equal([[reviewIdOf(1), 'pending']]);
    await desk.store.put(resolvedEvent(anAskingEvent(1)), anAskingEvent(1).mark);
    await desk.timers.advance(LOOK_AT_REVIEWS_MS);
    expect(await told(follower)).to.deep.equal([[reviewIdOf(1), 'approved']]);
  });

  it('looks at nothing while nobody follows', async () => {
    let looks = 0;
    const store = Object.assign(Object.create(desk.store), {
      list: async () => {
        looks += 1;
        return [];
      },
    });
    const reviews = new FollowReviews({ ...desk, store, bus: new CutBus() });
    running = reviews.execute({ signal: stop.signal });
    await desk.timers.advance(5 * LOOK_AT_REVIEWS_MS);
    expect(looks).to.equal(0);
  });

  it('tells what it could not look up once the store is back', async () => {
    let isAway = true;
    const store = Object.assign(Object.create(desk.store), {
      list: desk.store.list.bind(desk.store),
      findByReview: async () => {
        if (isAway) throw new Error('away');
        return undefined;
      },
    });
    const reviews = new FollowReviews({ ...desk, store });
    running = reviews.execute({ signal: stop.signal });
    const follower = reviews.follow(user(1));
    desk.bus.tellControl({ kind: 'review', id: reviewIdOf(1) });
    await desk.timers.advance(0);
    isAway = false;
    await desk.timers.advance(LOOK_AT_REVIEWS_MS);
    expect(await told(follower)).to.deep.equal(['missed']);
    expect(desk.log.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
  });

  it('loses no word, whenever it comes while another is looked up', async () => {
    for (let steps = 0; steps < 12; steps += 1) {
      const desk = new ControlDesk();
      await desk.keep(anAskingEvent(1), anAskingEvent(2));
      const found = Promise.withResolvers<void>();
      const store = Object.assign(Object.create(desk.store), {
        findByReview: async (id: ReviewId) => {
          if (id === reviewIdOf(1)) await found.promise;
          return desk.store.findByReview(id);
        },
      });
      const reviews = new FollowReviews({ ...desk, store });
      running = reviews.execute({ signal: stop.signal });
      const follower = reviews.follow(user(1));
      desk.bus.tellControl({ kind: 'review', id: reviewIdOf(1) });
      found.resolve();
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      desk.bus.tellControl({ kind: 'review', id: reviewIdOf(2) });
      await desk.timers.advance(0);
      const heard = await told(follower);
      expect(heard, `after ${steps} steps`).to.deep.include([reviewIdOf(2), 'pending']);
    }
  });

  it('lets one person follow in so many places and no more', async () => {
    const reviews = start();
    const followers = Array.from({ length: MAX_REVIEW_FOLLOWERS_OF_ONE }, () => reviews.follow(user(1)));
    expect(await codeOf(async () => reviews.follow(user(1)))).to.equal('stream.limit_reached');
    reviews.follow(user(2));
    followers[0]?.close();
    reviews.follow(user(1));
  });

  it('ends for everybody when the server stops', async () => {
    const follower = start().follow(user(1));
    stop.abort();
    expect(await follower.next()).to.equal(undefined);
  });
});
