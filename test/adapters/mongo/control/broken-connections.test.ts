import { expect } from 'chai';
import { MongoAgentEventStore } from '../../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoPolicyStore } from '../../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import type { RecordActs } from '../../../../src/adapters/outbound/mongo/record-acts.ts';
import { FIRST_BOOK, withPolicy } from '../../../../src/domain/control/policy-book.ts';
import { ended } from '../../../../src/domain/control/verdict-end.ts';
import {
  anAgentEvent,
  anAskingEvent,
  orphanedEvent,
  policyIn,
  resolvedEvent,
} from '../../../support/agent-event-builders.ts';
import { type Cut, MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const ROOM = { maxPendingReviews: 9 };
const noActs: RecordActs = async () => undefined;

describe("a store of agents' events whose connections break", function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  afterEach(() => mongo.clear());
  after(() => mongo.remove());

  /** Acts over a connection that breaks so often at a command, before or after it is sent. */
  async function withBreaks(
    command: string,
    cut: Cut,
    times: number,
    act: (store: MongoStore) => Promise<void>,
  ): Promise<void> {
    let remaining = times;
    const proxy = new MongoProxy(mongo.url, ({ name, collection }) => {
      if (remaining === 0 || ![name, `${name} ${collection}`].includes(command)) return 'pass';
      remaining -= 1;
      return cut;
    });
    const store = await MongoStore.open(await proxy.listen());
    try {
      await act(store);
      expect(remaining, 'the connection did break').to.equal(0);
    } finally {
      await store.close();
      await proxy.close();
    }
  }

  for (const cut of ['before', 'after'] as const) {
    // The driver itself tries most commands twice: three breaks in a row are what it cannot hide.
    for (const times of [1, 3]) {
      const how = `the connection breaks ${times === 1 ? 'once' : 'three times'} ${cut} it is sent`;

      it(`says of each event that it stored it when ${how}`, () =>
        withBreaks('insert agent_events', cut, times, async (store) => {
          const events = new MongoAgentEventStore(store, noActs);
          const witness = new MongoAgentEventStore(mongo.store, noActs);
          const known = anAgentEvent(1);
          await witness.record([known], ROOM);
          const again = { ...anAgentEvent(9), claims: known.claims, sha256: known.sha256 };
          const fresh = [anAskingEvent(2), anAgentEvent(3, { claims: { eventId: 'event-1' } })];
          expect(await events.record([again, ...fresh], ROOM)).to.deep.equal([
            { kind: 'known', state: known },
            { kind: 'recorded', isVariant: false },
            { kind: 'recorded', isVariant: true },
          ]);
          for (const state of fresh) expect(await witness.find(state.id)).to.deep.equal(state);
        }));

      it(`says that it stored a change when ${how}`, () =>
        withBreaks('update agent_events', cut, times, async (store) => {
          const events = new MongoAgentEventStore(store, noActs);
          const state = anAskingEvent(1);
          await events.record([state], ROOM);
          expect(await events.put(orphanedEvent(state), state.mark)).to.equal('stored');
          expect(await events.find(state.id)).to.deep.equal(orphanedEvent(state));
          expect(await events.put(resolvedEvent(state), state.mark)).to.equal('outdated');
        }));

      it(`marks as delivered when ${how}`, () =>
        withBreaks('update agent_events', cut, times, async (store) => {
          const events = new MongoAgentEventStore(store, noActs);
          const state = anAgentEvent(1);
          await events.record([state], ROOM);
          await events.delivered([state]);
          expect(await events.find(state.id)).to.deep.equal(ended(state, 'delivered'));
        }));

      it(`takes back a question that is one too many when ${how}`, () =>
        // Once it is seen to be gone nothing more is sent.
        withBreaks(
          'delete agent_events',
          cut,
          cut === 'after' ? Math.min(times, 2) : times,
          async (store) => {
            const events = new MongoAgentEventStore(store, noActs);
            const outcomes = await events.record([anAskingEvent(1), anAskingEvent(2)], {
              maxPendingReviews: 1,
            });
            expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['recorded', 'reviews-full']);
            expect(await events.find(anAskingEvent(2).id)).to.equal(undefined);
          },
        ));
    }

    // What is audited is a transaction, whose commit the driver sends twice by itself.
    it(`resolves once, with its act, when the connection breaks ${cut} the commit is sent`, () =>
      withBreaks('commitTransaction', cut, 3, async (store) => {
        const acts: RecordActs = async (records, session) => {
          const own = records.map((record) => ({ act: record.act }));
          await store.collection('acts').insertMany(own, { session });
        };
        await mongo.store.collection('acts').insertOne({ act: 'before' });
        const events = new MongoAgentEventStore(store, acts);
        const state = anAskingEvent(1);
        await events.record([state], ROOM);
        const told = [{ act: 'review.resolved', outcome: 'done' }] as const;
        expect(await events.put(resolvedEvent(state), state.mark, told)).to.equal('stored');
        expect(await events.put(resolvedEvent(state, 'rejected'), state.mark, told)).to.equal('outdated');
        expect(await events.find(state.id)).to.deep.equal(resolvedEvent(state));
        expect(await mongo.store.collection('acts').countDocuments()).to.equal(2);
      }));

    it(`writes the policy once, when the connection breaks ${cut} the commit is sent`, () =>
      withBreaks('commitTransaction', cut, 3, async (store) => {
        const policies = new MongoPolicyStore(store, noActs);
        const book = withPolicy(FIRST_BOOK, policyIn('hitl'));
        expect(await policies.write(book, [])).to.equal('stored');
        expect(await policies.write(book, [])).to.equal('outdated');
        expect(await policies.read()).to.deep.equal(book);
      }));
  }
});
