import { expect } from 'chai';
import { MemorySubscriberDirectory } from '../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../../src/adapters/outbound/system/node-digest.ts';
import { ClaimSubscription } from '../../../src/application/multiplexing/claim-subscription.ts';
import { ConfirmSubscription } from '../../../src/application/multiplexing/confirm-subscription.ts';
import { KnownSubscribers } from '../../../src/application/multiplexing/known-subscribers.ts';
import { LeaveSubscription } from '../../../src/application/multiplexing/leave-subscription.ts';
import { ResumeSubscription } from '../../../src/application/multiplexing/resume-subscription.ts';
import type { SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import { T0 } from '../../support/ledger-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingAudit } from '../../support/recording-audit.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';
import { RecordingWatchman } from '../../support/recording-watchman.ts';
import { aSubscriber, muxId, owner, place } from '../../support/subscriber-builders.ts';

/** A directory that counts how often it is read. */
class CountingDirectory extends MemorySubscriberDirectory {
  reads = 0;

  override find(id: SubscriberId) {
    this.reads += 1;
    return super.find(id);
  }
}

/** One of several nodes over one directory. */
function node(directory: CountingDirectory) {
  const deps = {
    directory,
    known: new KnownSubscribers(),
    clock: new ManualClock(T0),
    ids: new CryptoIdSource(),
    digest: new NodeDigest(),
    audit: new RecordingAudit(),
    watchman: new RecordingWatchman(),
    metrics: new RecordingMetrics(),
  };
  const [claim, resume] = [new ClaimSubscription(deps), new ResumeSubscription(deps)];
  const facts = { id: muxId(1), owner: owner(1), kind: 'chat' };
  return {
    open: () => claim.execute({ ...facts, holder: place(1), sharing: 'exclusive' }),
    resume: (token: string, number: number) => resume.execute({ ...facts, token, holder: place(number) }),
    leave: (number: number, epoch: number) =>
      new LeaveSubscription(deps).execute({
        id: muxId(1),
        fence: { connection: `connection-${number}`, epoch },
      }),
    confirm: (number: number, epoch: number) =>
      new ConfirmSubscription(deps).execute({
        id: muxId(1),
        fence: { connection: `connection-${number}`, epoch },
      }),
  };
}

describe('what a node remembers of its subscriptions', () => {
  it('saves its holder the read before a write', async () => {
    const directory = new CountingDirectory();
    const here = node(directory);
    const { token = '' } = await here.open();
    const moved = await here.resume(token, 2);
    directory.reads = 0;
    expect(await here.confirm(2, 2)).to.equal('confirmed');
    expect((await here.leave(2, 2)).kind).to.equal('left');
    expect(directory.reads).to.equal(0);
    expect((await here.resume(moved.token, 3)).state.epoch).to.equal(3);
    expect(directory.reads, 'a claim is decided by the directory').to.equal(1);
  });

  it('decides nothing once another node has changed it', async () => {
    const directory = new CountingDirectory();
    const [here, there] = [node(directory), node(directory)];
    const { token = '' } = await here.open();
    const moved = await there.resume(token, 2);
    expect((await here.leave(1, 1)).kind).to.equal('not-held');
    expect(await here.confirm(1, 1)).to.equal('not-held');
    expect(await directory.find(muxId(1))).to.deep.equal(moved.state);
    expect(await there.confirm(2, 2)).to.equal('confirmed');
    const back = await here.resume(moved.token, 3);
    expect(await there.confirm(2, 2)).to.equal('not-held');
    expect(await directory.find(muxId(1))).to.deep.equal(back.state);
  });

  it('refuses nothing to an owner whose session went on at another node', async () => {
    const directory = new CountingDirectory();
    const [here, there] = [node(directory), node(directory)];
    const { token = '' } = await here.open();
    const moved = await there.resume(token, 2);
    await there.confirm(2, 2);
    expect((await here.resume(moved.token, 3)).state.epoch).to.equal(3);
  });

  it('is no more than it may be, and nothing that nobody holds', () => {
    const known = new KnownSubscribers(2);
    const states = [1, 2, 3].map((number) => aSubscriber({ id: muxId(number) }));
    const [first, second, third] = states as [(typeof states)[0], (typeof states)[0], (typeof states)[0]];
    known.stored(first);
    known.stored(second);
    expect(known.find(first.id)).to.equal(first);
    known.stored(third);
    expect(known.find(second.id), 'the one that was asked for longest ago').to.equal(undefined);
    expect(known.find(first.id)).to.equal(first);
    known.stored({ ...first, holders: [] });
    known.drop(third.id);
    expect([known.find(first.id), known.find(third.id)]).to.deep.equal([undefined, undefined]);
  });
});
