import { expect } from 'chai';
import { MemorySubscriberDirectory } from '../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../../src/adapters/outbound/system/node-digest.ts';
import {
  CHANGE_WITHIN_MS,
  ChangeTurns,
  MAX_WAITING,
} from '../../../src/application/multiplexing/change-turns.ts';
import { ClaimSubscription } from '../../../src/application/multiplexing/claim-subscription.ts';
import { EndSubscription } from '../../../src/application/multiplexing/end-subscription.ts';
import { ResumeSubscription } from '../../../src/application/multiplexing/resume-subscription.ts';
import type {
  PutCondition,
  PutOutcome,
} from '../../../src/application/ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../src/domain/multiplexing/subscriber-state.ts';
import { T0 } from '../../support/ledger-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingAudit } from '../../support/recording-audit.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';
import { RecordingWatchman } from '../../support/recording-watchman.ts';
import { muxId, owner, place } from '../../support/subscriber-builders.ts';

const RACING = 60;

/** A directory that counts, and of which a test says when it answers. */
class WatchedDirectory extends MemorySubscriberDirectory {
  asked = 0;
  /** What every write waits for. */
  gate: Promise<void> = Promise.resolve();

  override async find(id: SubscriberId): Promise<SubscriberState | undefined> {
    this.asked += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return super.find(id);
  }

  override async put(next: SubscriberState, condition: PutCondition): Promise<PutOutcome> {
    this.asked += 1;
    await this.gate;
    await new Promise((resolve) => setImmediate(resolve));
    return super.put(next, condition);
  }
}

/** One process, or several, with a directory in common. */
function world(processes = 1) {
  const timers = new ManualTimers(new ManualClock(T0));
  const directory = new WatchedDirectory();
  const ids = new CryptoIdSource();
  const common = {
    directory,
    ids,
    clock: timers.clock,
    audit: new RecordingAudit(),
    watchman: new RecordingWatchman(),
    metrics: new RecordingMetrics(),
    digest: new NodeDigest(),
  };
  const nodes = Array.from({ length: processes }, () => {
    const turns = new ChangeTurns({ clock: timers.clock, timers, ids });
    const deps = { ...common, turns };
    return {
      turns,
      claim: new ClaimSubscription(deps),
      resume: new ResumeSubscription(deps),
      end: new EndSubscription(deps),
    };
  });
  const node = (number: number) => nodes[number % processes] as (typeof nodes)[number];
  return {
    timers,
    directory,
    node,
    open: () =>
      node(0).claim.execute({
        id: muxId(1),
        owner: owner(1),
        kind: 'chat',
        holder: place(1),
        sharing: 'exclusive',
      }),
    resume: (token: string, number: number, isAwaited = () => true) =>
      node(number).resume.execute({
        id: muxId(1),
        owner: owner(1),
        kind: 'chat',
        token,
        holder: place(number),
        isAwaited,
      }),
  };
}

/** What became of it: the epoch of a resume, or the kind of the refusal. */
const became = (work: Promise<{ readonly state: SubscriberState }>): Promise<number | string> =>
  work.then(
    ({ state }) => state.epoch,
    (error: unknown) => (error instanceof PortError ? error.kind : String(error)),
  );

describe('resumes that race for one session by one token', () => {
  it('ask the directory a few times each, however many they are', async () => {
    const { open, resume, directory, node } = world();
    const { token = '' } = await open();
    directory.asked = 0;
    const epochs = await Promise.all(
      Array.from({ length: RACING }, (_, number) => became(resume(token, number))),
    );
    expect(epochs.toSorted((left, right) => Number(left) - Number(right))).to.deep.equal(
      Array.from({ length: RACING }, (_, index) => index + 2),
    );
    expect(directory.asked).to.be.at.most(4 * RACING);
    expect(node(0).turns.size).to.equal(0);
  });

  it('are all answered where they come by two processes, which meet one at a time', async () => {
    const { open, resume, directory, timers } = world(2);
    const { token = '' } = await open();
    directory.asked = 0;
    let isOver = false;
    const racing = Promise.all(
      Array.from({ length: RACING }, (_, number) => became(resume(token, number))),
    ).finally(() => {
      isOver = true;
    });
    while (!isOver) await timers.advance(1);
    expect(new Set(await racing).size, 'each an epoch of its own').to.equal(RACING);
    expect((await directory.find(muxId(1)))?.epoch).to.equal(RACING + 1);
    expect(directory.asked).to.be.at.most(8 * RACING);
  });

  it(`wait no longer than ${CHANGE_WITHIN_MS} ms behind a write that does not come back`, async () => {
    const { open, resume, directory, timers, node } = world();
    const { token = '' } = await open();
    const { promise, resolve } = Promise.withResolvers<void>();
    directory.gate = promise;
    const first = became(resume(token, 1));
    await timers.advance(0);
    // Beside the first one that stores, another has read the same, and stores where it is not the latest any more.
    const others = [became(resume(token, 2)), became(resume(token, 3))];
    await timers.advance(0);
    resolve();
    const outcomes = Promise.all([first, ...others]);
    await timers.advance(CHANGE_WITHIN_MS);
    expect(new Set(await outcomes).size).to.equal(3);
    const stuck = Promise.withResolvers<void>();
    directory.gate = stuck.promise;
    const passOn = await node(0).turns.take(muxId(1), timers.clock.nowMs());
    const late = became(resume(token, 4));
    await timers.advance(CHANGE_WITHIN_MS - 1);
    expect(await Promise.race([late, 'waits'])).to.equal('waits');
    await timers.advance(1);
    expect(await late).to.equal('conflict');
    passOn();
    expect(node(0).turns.size).to.equal(0);
  });

  it('take nothing for whom nobody waits any more when their turn comes', async () => {
    const { open, resume, directory, node, timers } = world();
    const { token = '', state } = await open();
    const passOn = await node(0).turns.take(state.id, timers.clock.nowMs());
    let isAwaited = true;
    const given = became(resume(token, 2, () => isAwaited));
    await timers.advance(0);
    isAwaited = false;
    passOn();
    expect(await given).to.equal('timeout');
    expect(await directory.find(state.id)).to.deep.equal(state);
    expect((await resume(token, 3)).state.epoch, 'the token is still good').to.equal(2);
  });
});

describe('whoever has nothing to store', () => {
  it('is refused beside those who wait for their turn', async () => {
    const { open, resume, node, timers } = world();
    const { state } = await open();
    const passOn = await node(0).turns.take(state.id, timers.clock.nowMs());
    const refused = await resume('a guess', 2).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'subscriber.owned_by_other');
    passOn();
  });
});

describe('turns', () => {
  it('go to those who wait in the order in which they came, for each subscription by itself', async () => {
    const { node, timers } = world();
    const { turns } = node(0);
    const untilMs = timers.clock.nowMs() + CHANGE_WITHIN_MS;
    const first = await turns.take(muxId(1), untilMs);
    (await turns.take(muxId(2), untilMs))();
    const order: number[] = [];
    const others = [2, 3, 4].map(async (number) => {
      const passOn = await turns.take(muxId(1), untilMs);
      order.push(number);
      passOn();
    });
    await timers.advance(0);
    expect(order).to.deep.equal([]);
    first();
    await Promise.all(others);
    expect(order).to.deep.equal([2, 3, 4]);
    expect([turns.size, timers.sleeping]).to.deep.equal([0, 0]);
  });

  it(`are refused at once to one more than ${MAX_WAITING} who wait`, async () => {
    const { node, timers } = world();
    const { turns } = node(0);
    const untilMs = timers.clock.nowMs() + CHANGE_WITHIN_MS;
    const passOn = await turns.take(muxId(1), untilMs);
    const waiting = Array.from({ length: MAX_WAITING }, async () => (await turns.take(muxId(1), untilMs))());
    const refused = await turns.take(muxId(1), untilMs).catch((error: unknown) => error);
    expect(refused).to.have.property('kind', 'conflict');
    passOn();
    await Promise.all(waiting);
  });

  it('are waited for by who ends a session, who is not overtaken for ever', async () => {
    const { open, resume, node } = world();
    const { token = '', state } = await open();
    const racers = Array.from({ length: RACING }, (_, number) => became(resume(token, number)));
    expect(await node(0).end.execute({ id: state.id })).to.have.property('end');
    expect((await Promise.all(racers)).some((outcome) => String(outcome).includes('not yours'))).to.equal(
      true,
    );
  });
});
