import { expect } from 'chai';
import { MemorySubscriberDirectory } from '../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../../src/adapters/outbound/system/node-digest.ts';
import { ClaimSubscription } from '../../../src/application/multiplexing/claim-subscription.ts';
import { ResumeSubscription } from '../../../src/application/multiplexing/resume-subscription.ts';
import { WithdrawClaims } from '../../../src/application/multiplexing/withdraw-claims.ts';
import type {
  PutCondition,
  PutOutcome,
} from '../../../src/application/ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { SubscriberState } from '../../../src/domain/multiplexing/subscriber-state.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingAudit } from '../../support/recording-audit.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';
import { RecordingWatchman } from '../../support/recording-watchman.ts';
import { muxId, owner, place } from '../../support/subscriber-builders.ts';

/** A while in which everything that is out of reach is tried again, in milliseconds. */
const A_WHILE_MS = 10_000;

/** Stores, and says nothing of it, as often as is said. */
class MutedDirectory extends MemorySubscriberDirectory {
  muted = 0;
  refused = 0;

  override async put(next: SubscriberState, condition: PutCondition): Promise<PutOutcome> {
    if (this.refused > 0) {
      this.refused -= 1;
      throw new PortError('unavailable', 'store', 'away');
    }
    const outcome = await super.put(next, condition);
    if (this.muted === 0) return outcome;
    this.muted -= 1;
    throw new PortError('timeout', 'store', 'no answer');
  }
}

function world() {
  const timers = new ManualTimers();
  const directory = new MutedDirectory();
  const log = new RecordingLog();
  const hearers = {
    audit: new RecordingAudit(),
    watchman: new RecordingWatchman(),
    metrics: new RecordingMetrics(),
  };
  const { clock } = timers;
  const deps = { directory, clock, timers, log, ids: new CryptoIdSource(), digest: new NodeDigest() };
  const withdraw = new WithdrawClaims(deps);
  const claim = new ClaimSubscription({ ...deps, ...hearers, withdraw });
  const resume = new ResumeSubscription({ ...deps, ...hearers, withdraw });
  const facts = { id: muxId(1), owner: owner(1), kind: 'chat' };
  return {
    directory,
    timers,
    claim: (connection: number) =>
      claim.execute({ ...facts, holder: place(connection), sharing: 'exclusive' }),
    resume: (token: string, connection: number) =>
      resume.execute({ ...facts, token, holder: place(connection) }),
    stored: () => directory.find(facts.id),
  };
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a claim of which nobody knows whether it is stored', () => {
  it('is held by nobody soon, so that its lease runs', async () => {
    const { directory, timers, claim, stored } = world();
    directory.muted = 1;
    expect(await refusal(claim(1))).to.include({ kind: 'timeout' });
    expect((await stored())?.holders).to.have.length(1);
    await timers.advance(A_WHILE_MS);
    expect((await stored())?.holders).to.deep.equal([]);
    expect((await stored())?.leaseEndsAtMs).to.be.a('number');
  });

  it('is withdrawn when it is a return, and the token that was shown is still good', async () => {
    const { directory, timers, claim, resume, stored } = world();
    const { token = '' } = await claim(1);
    directory.muted = 1;
    expect(await refusal(resume(token, 2))).to.include({ kind: 'timeout' });
    await timers.advance(A_WHILE_MS);
    expect((await stored())?.holders).to.deep.equal([]);
    expect((await resume(token, 3)).state.epoch).to.equal(3);
  });

  it('is withdrawn as soon as the directory can be reached', async () => {
    const { directory, timers, claim, stored } = world();
    directory.muted = 1;
    await refusal(claim(1));
    directory.refused = 3;
    await timers.advance(A_WHILE_MS);
    expect((await stored())?.holders).to.deep.equal([]);
  });

  it('is left alone once somebody has come back for it', async () => {
    const { directory, timers, claim, resume, stored } = world();
    const { token = '' } = await claim(1);
    directory.muted = 1;
    await refusal(resume(token, 2));
    await resume(token, 3);
    await timers.advance(A_WHILE_MS);
    expect((await stored())?.holders.map(({ connection }) => connection)).to.deep.equal([
      place(3).connection,
    ]);
  });

  it('is not withdrawn when it is certain that it was not stored', async () => {
    const { directory, timers, claim } = world();
    directory.refused = 1;
    expect(await refusal(claim(1))).to.include({ kind: 'unavailable' });
    expect(timers.sleeping).to.equal(0);
  });
});
