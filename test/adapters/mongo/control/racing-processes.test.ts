import { expect } from 'chai';
import { MongoAlertLog } from '../../../../src/adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import { MongoAgentEventStore } from '../../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoSubscriberDirectory } from '../../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import { anAskingEvent } from '../../../support/agent-event-builders.ts';
import { type AgentsTask, type HammerOutcomes, hammer } from '../../../support/hammer.ts';
import { T0 } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import { aSubscriber, left, muxId } from '../../../support/subscriber-builders.ts';

/** Processes of each race, and what each of them tries at once. */
const PROCESSES = [1, 2, 3];
const TIMES = 20;

const noActs = async (): Promise<void> => undefined;

describe('three processes that race', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  after(() => mongo.remove());
  beforeEach(() => mongo.clear());

  const race = (kind: AgentsTask['kind']): Promise<HammerOutcomes> =>
    hammer<AgentsTask>(
      mongo.url,
      PROCESSES.map((number) => ({ kind, number, times: TIMES })),
      'hammer-agents',
    );
  const others = (PROCESSES.length - 1) * TIMES;

  it('for the same sessions have each one owner', async () => {
    expect(await race('claim')).to.deep.equal({ stored: TIMES, outdated: others });
  });

  it('to take the same sessions back do so once each', async () => {
    const directory = new MongoSubscriberDirectory(mongo.store, noActs);
    for (let turn = 0; turn < TIMES; turn += 1) {
      const gone = left(aSubscriber({ id: muxId(turn) }), T0);
      await directory.put(gone, { expected: undefined, bounds: { all: 999, detached: 999 } });
    }
    expect(await race('take-back')).to.deep.equal({ stored: TIMES, outdated: others });
  });

  it('to keep the same events keep each once', async () => {
    expect(await race('record')).to.deep.equal({ recorded: TIMES, known: others });
  });

  it('to decide the same questions decide each once', async () => {
    const asking = Array.from({ length: TIMES }, (_, turn) => anAskingEvent(turn));
    await new MongoAgentEventStore(mongo.store, noActs).record(asking, { maxPendingReviews: TIMES });
    expect(await race('decide')).to.deep.equal({ stored: TIMES, outdated: others });
  });

  it('to write the next policy write one', async () => {
    expect(await race('policy')).to.deep.equal({ stored: 1, outdated: PROCESSES.length * TIMES - 1 });
    expect((await new MongoPolicyStore(mongo.store, noActs).read()).version).to.equal(1);
  });

  it('to raise the same have one alert, with each of them counted', async () => {
    expect(await race('raise')).to.deep.equal({ raised: PROCESSES.length * TIMES });
    const alerts = await new MongoAlertLog(mongo.store).list({ after: 0, limit: 9 });
    expect(alerts.map(({ count }) => count)).to.deep.equal([PROCESSES.length * TIMES]);
  });

  it('to say what servers a session has leave one whole inventory', async () => {
    expect(await race('inventory')).to.deep.equal({ said: PROCESSES.length * TIMES });
    const names = (await new MongoMcpInventories(mongo.store).list({ limit: 9 })).map(({ name }) => name);
    expect(names).to.have.length(3);
    expect(new Set(names.map((name) => name.slice(2))).size).to.equal(1);
  });
});
