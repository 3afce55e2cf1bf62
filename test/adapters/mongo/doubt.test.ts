import { expect } from 'chai';
import { MongoAlertLog } from '../../../src/adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import { MongoAgentEventStore } from '../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoPolicyStore } from '../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { MongoSubscriberDirectory } from '../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import type { AuditRecord } from '../../../src/domain/audit/audit-record.ts';
import { FIRST_BOOK, withPolicy } from '../../../src/domain/control/policy-book.ts';
import { anAskingEvent, policyIn, resolvedEvent } from '../../support/agent-event-builders.ts';
import { anAlertRaise } from '../../support/alert-builders.ts';
import { T0 } from '../../support/ledger-builders.ts';
import { type Cut, MongoProxy, type PassingCommand } from '../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { aSubscriber, left } from '../../support/subscriber-builders.ts';

/** So often a commit is sent until nobody repeats it any more: three times, by the driver twice each. */
const SENDS_OF_A_COMMIT = 6;
/** So often a read is sent. */
const SENDS_OF_A_READ = 2;
const ACT: readonly AuditRecord[] = [{ act: 'done', outcome: 'done' }];

describe('a write of which nobody knows', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let proxy: MongoProxy;
  let store: MongoStore;
  let acts = 0;
  let decide: (command: PassingCommand) => Cut = () => 'pass';
  before(async () => {
    mongo = await temporaryMongo();
    proxy = new MongoProxy(mongo.url, (command) => decide(command));
    store = await MongoStore.open(await proxy.listen());
  });
  after(async () => {
    await store.close();
    await proxy.close();
    await mongo.remove();
  });
  beforeEach(async () => {
    decide = () => 'pass';
    acts = 0;
    await mongo.clear();
  });

  /** Carries out a commit and loses each of its answers, and then fails the look at what has become of it. */
  function loseCommitAndLook(collection: string): void {
    let commits = 0;
    let looks = 0;
    decide = (command) => {
      if (command.name === 'commitTransaction' && commits < SENDS_OF_A_COMMIT) {
        commits += 1;
        return 'after';
      }
      const isLook = command.name === 'find' && command.collection === collection;
      if (!isLook || commits < SENDS_OF_A_COMMIT || looks >= SENDS_OF_A_READ) return 'pass';
      looks += 1;
      return 'before';
    };
  }

  const recordActs = async (): Promise<void> => {
    acts += 1;
  };

  it('is not told as outdated by what it has written itself: a policy', async () => {
    loseCommitAndLook('policy_books');
    const policies = new MongoPolicyStore(store, recordActs);
    expect(await policies.write(withPolicy(FIRST_BOOK, policyIn('hitl')), ACT)).to.equal('stored');
    expect(acts).to.equal(1);
  });

  it('is not told as outdated by what it has written itself: a decision of a person', async () => {
    const events = new MongoAgentEventStore(store, recordActs);
    const asking = anAskingEvent(1);
    await events.record([asking], { maxPendingReviews: 9 });
    loseCommitAndLook('agent_events');
    expect(await events.put(resolvedEvent(asking), asking.mark, ACT)).to.equal('stored');
    expect(acts).to.equal(1);
  });

  it('is not told as outdated by what it has written itself: a subscription', async () => {
    const directory = new MongoSubscriberDirectory(store, recordActs);
    const bounds = { all: 9, detached: 9 };
    const claimed = aSubscriber();
    await directory.put(claimed, { expected: undefined, bounds });
    loseCommitAndLook('subscribers');
    const outcome = await directory.put(left(claimed, T0 + 1), { expected: claimed.mark, bounds }, ACT);
    expect(outcome.kind).to.equal('stored');
    expect(acts).to.equal(1);
  });

  it('is counted once: what is raised', async () => {
    const alerts = new MongoAlertLog(store);
    await alerts.raise(anAlertRaise());
    loseCommitAndLook('alerts');
    expect((await alerts.raise(anAlertRaise())).count).to.equal(2);
    expect((await alerts.list({ after: 0, limit: 9 })).map(({ count }) => count)).to.deep.equal([2]);
  });

  it('is counted once: what is raised while others raise the same', async () => {
    const [alerts, others] = [new MongoAlertLog(store), new MongoAlertLog(mongo.store)];
    await others.raise(anAlertRaise());
    loseCommitAndLook('alerts');
    const losing = decide;
    let raised: Promise<unknown> | undefined;
    decide = (command) => {
      const cut = losing(command);
      // The first look that fails comes after the commit: now others are counted on the same alert.
      if (cut === 'before') raised ??= others.raise(anAlertRaise());
      return cut;
    };
    await alerts.raise(anAlertRaise());
    await raised;
    expect((await alerts.list({ after: 0, limit: 9 })).map(({ count }) => count)).to.deep.equal([3]);
  });
});
