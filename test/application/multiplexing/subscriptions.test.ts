import { expect } from 'chai';
import { MemorySubscriberDirectory } from '../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../../src/adapters/outbound/system/node-digest.ts';
import {
  type ClaimCommand,
  ClaimSubscription,
} from '../../../src/application/multiplexing/claim-subscription.ts';
import { ConfirmSubscription } from '../../../src/application/multiplexing/confirm-subscription.ts';
import { EndSubscription } from '../../../src/application/multiplexing/end-subscription.ts';
import { LeaveSubscription } from '../../../src/application/multiplexing/leave-subscription.ts';
import {
  type ResumeCommand,
  ResumeSubscription,
} from '../../../src/application/multiplexing/resume-subscription.ts';
import {
  SWEEP_BATCH,
  SweepSubscriptions,
} from '../../../src/application/multiplexing/sweep-subscriptions.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { ApiKeyId, UserId } from '../../../src/domain/identity/ids.ts';
import { SUBSCRIBER_LEASE_MS } from '../../../src/domain/multiplexing/subscriber-state.ts';
import { T0 } from '../../support/ledger-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingAudit } from '../../support/recording-audit.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';
import { RecordingWatchman } from '../../support/recording-watchman.ts';
import { muxId, owner, place } from '../../support/subscriber-builders.ts';

const ROUTE = 'control:sess-shared-demo';
const KEY = `key:${'abcdefghijkl' as ApiKeyId}` as const;

/** The use cases of subscriptions, over one directory. */
function world() {
  const clock = new ManualClock(T0);
  const audit = new RecordingAudit();
  const directory = new MemorySubscriberDirectory(audit.log);
  const watchman = new RecordingWatchman();
  const metrics = new RecordingMetrics();
  const ids = new CryptoIdSource();
  const deps = { directory, clock, audit, watchman, metrics, ids, digest: new NodeDigest() };
  const claim = new ClaimSubscription(deps);
  const resume = new ResumeSubscription(deps);
  return {
    clock,
    audit,
    watchman,
    directory,
    open: (facts: Partial<ClaimCommand> = {}) =>
      claim.execute({
        id: muxId(1),
        owner: owner(1),
        kind: 'chat',
        holder: place(1),
        sharing: 'exclusive',
        ...facts,
      }),
    resume: (token: string, facts: Partial<ResumeCommand> = {}) =>
      resume.execute({ id: muxId(1), owner: owner(1), kind: 'chat', token, holder: place(2), ...facts }),
    leave: new LeaveSubscription(deps),
    confirm: new ConfirmSubscription(deps),
    end: new EndSubscription(deps),
    sweep: new SweepSubscriptions(deps),
  };
}

const refusal = (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => ({ code: 'nothing', message: '' }),
    (error: unknown) => {
      if (error instanceof DomainError) return { code: error.code, message: error.message };
      throw error;
    },
  );

describe('a session through the use cases', () => {
  it('is opened, left, taken back and confirmed, each time with another token', async () => {
    const { open, resume, leave, confirm, directory } = world();
    const { token = '', state } = await open();
    expect(JSON.stringify(await directory.find(state.id)), 'no token is kept').to.not.contain(token);
    const first = { connection: 'connection-1', epoch: 1 };
    expect((await leave.execute({ id: state.id, fence: first })).kind).to.equal('left');
    expect((await leave.execute({ id: state.id, fence: first })).kind).to.equal('not-held');
    const back = await resume(token);
    expect(back.ousted).to.deep.equal([]);
    expect(back.state.epoch).to.equal(2);
    expect(back.token).to.not.equal(token);
    const second = { connection: 'connection-2', epoch: 2 };
    expect(await confirm.execute({ id: state.id, fence: first })).to.equal('not-held');
    expect(await confirm.execute({ id: state.id, fence: second })).to.equal('confirmed');
    expect(await confirm.execute({ id: state.id, fence: second })).to.equal('confirmed');
    expect((await refusal(resume(token))).code).to.equal('subscriber.owned_by_other');
    expect((await resume(back.token)).state.epoch).to.equal(3);
  });

  it('moves to another connection, names the one that is to be closed, and says when it comes from elsewhere', async () => {
    const { open, resume, watchman } = world();
    const { token = '' } = await open({ network: '192.0.2.0/24' });
    const moved = await resume(token, { network: '192.0.2.0/24' });
    expect(moved.ousted.map(({ connection }) => connection)).to.deep.equal(['connection-1']);
    expect(moved.isFromElsewhere).to.equal(false);
    expect(watchman.noticed).to.deep.equal([]);
    expect((await resume(moved.token, { network: '198.51.100.0/24' })).isFromElsewhere).to.equal(true);
    expect(watchman.noticed).to.deep.equal([
      {
        kind: 'resume.new_address',
        principal: owner(1),
        word: 'resumed',
        detail: `${muxId(1)} from 198.51.100.0/24, last from 192.0.2.0/24`,
      },
    ]);
  });

  it('is over once its client, or an operator, has ended it', async () => {
    const { open, resume, end, audit } = world();
    const { token = '', state } = await open();
    const { id } = state;
    expect(await end.execute({ id, fence: { connection: 'connection-9', epoch: 1 } })).to.equal(undefined);
    expect((await end.execute({ id, fence: { connection: 'connection-1', epoch: 1 } }))?.end?.kind).to.equal(
      'released',
    );
    expect(await end.execute({ id })).to.equal(undefined);
    expect((await refusal(resume(token))).code).to.equal('subscriber.owned_by_other');
    await open({ id: muxId(2) });
    const record = { act: 'subscriber.kicked', outcome: 'done' } as const;
    expect((await end.execute({ id: muxId(2), audit: [record] }))?.holders).to.have.length(1);
    expect(audit.records.map(({ act }) => act)).to.include('subscriber.kicked');
  });
});

describe('the audit of sessions', () => {
  it('has who opened one, took it back and took it over, in the write that did it, and no token', async () => {
    const { open, resume, leave, audit } = world();
    const who = { actor: 'user-1' as UserId, requestId: 'request-1' };
    const { token = '' } = await open(who);
    const moved = await resume(token, who);
    await leave.execute({ id: muxId(1), fence: { connection: 'connection-2', epoch: 2 } });
    const back = await resume(moved.token, { ...who, holder: place(3) });
    const record = { outcome: 'done', object: muxId(1), ...who };
    expect(audit.records).to.deep.equal([
      {
        ...record,
        act: 'mux.session_opened',
        facts: { kind: 'chat', epoch: 1, connection: 'connection-1' },
      },
      {
        ...record,
        act: 'mux.session_superseded',
        facts: { kind: 'chat', epoch: 2, connection: 'connection-2' },
      },
      {
        ...record,
        act: 'mux.session_resumed',
        facts: { kind: 'chat', epoch: 3, connection: 'connection-3' },
      },
    ]);
    for (const secret of [token, moved.token, back.token]) {
      expect(JSON.stringify(audit.records)).to.not.contain(secret);
    }
  });

  it('has nothing of a claim of one’s own session route, on which an agent logs in again and again', async () => {
    const { open, audit } = world();
    await open({ id: ROUTE, kind: 'control', sharing: 'shared' });
    expect(audit.records).to.deep.equal([]);
  });
});

describe('what is not yours', () => {
  it('is refused with one sentence, recorded with its cause, and leaves the holder as he was', async () => {
    const { open, resume, audit, directory } = world();
    const { token = '', state } = await open();
    const answers = [
      await refusal(resume(token, { owner: owner(2), actor: 'service', requestId: 'r1' })),
      await refusal(resume('a guess')),
      await refusal(resume(token, { id: muxId(404) })),
      await refusal(open({ owner: owner(2) })),
    ];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).to.equal(1);
    expect(answers[0]?.code).to.equal('subscriber.owned_by_other');
    const refused = audit.records.filter(({ outcome }) => outcome === 'refused');
    expect(refused.map(({ act, facts }) => [act, facts?.cause])).to.deep.equal(
      ['foreign', 'token', 'unknown', 'foreign'].map((cause) => ['subscriber.claim_refused', cause]),
    );
    expect(refused[0]).to.include({ actor: 'service', object: state.id, requestId: 'r1' });
    expect(await directory.find(state.id)).to.deep.equal(state);
  });

  it('is an alert against whoever asked: the session of another, a wrong token, another agent’s route', async () => {
    const { open, resume, watchman } = world();
    const { token = '' } = await open();
    await refusal(resume(token, { owner: owner(2), network: '192.0.2.1' }));
    await refusal(resume('a guess'));
    await refusal(resume(token, { id: muxId(404) }));
    const route = { id: ROUTE, kind: 'control', holder: place(1), sharing: 'shared' } as const;
    await open({ ...route, owner: KEY });
    await refusal(open({ ...route, owner: 'agent:other' }));
    const detail = muxId(1);
    expect(watchman.noticed).to.deep.equal([
      { kind: 'takeover.refused', principal: owner(2), word: 'foreign', detail: `${detail} from 192.0.2.1` },
      { kind: 'takeover.refused', principal: owner(1), word: 'token', detail },
      { kind: 'breaches.repeated', principal: owner(1), word: 'unknown', detail: muxId(404) },
      { kind: 'claims.refused', principal: 'agent:other', word: 'foreign', detail: ROUTE },
    ]);
  });

  it('is not taken by any of 1,000 who race, while its owner comes back among them', async () => {
    const { open, resume, leave, directory } = world();
    const { token = '', state } = await open();
    await leave.execute({ id: state.id, fence: { connection: 'connection-1', epoch: 1 } });
    const thieves = Array.from({ length: 1_000 }, (_, number) =>
      refusal(
        resume(number % 2 === 0 ? token : 'a guess', { owner: owner(2 + number), holder: place(9 + number) }),
      ),
    );
    const [back, ...answers] = await Promise.all([resume(token), ...thieves]);
    expect(answers.every(({ code }) => code === 'subscriber.owned_by_other')).to.equal(true);
    expect(await directory.find(state.id)).to.deep.equal(back.state);
  });

  it('has one holder whenever its owner races with himself, each in an epoch of his own', async () => {
    const { open, resume, directory } = world();
    const { token = '', state } = await open();
    const racers = Array.from({ length: 100 }, (_, number) => resume(token, { holder: place(9 + number) }));
    const outcomes = await Promise.allSettled(racers);
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(lost.every((error) => error instanceof PortError && error.kind === 'conflict')).to.equal(true);
    const epochs = won.map((outcome) => outcome.state.epoch).toSorted((left, right) => left - right);
    expect(epochs).to.deep.equal(won.map((_, index) => index + 2));
    const last = won.find((outcome) => outcome.state.epoch === won.length + 1);
    expect(await directory.find(state.id)).to.deep.equal(last?.state);
  });
});

describe('a session route', () => {
  it('is held by several of its owner without a token, and refused to another key while its lease runs', async () => {
    const { open, leave, clock, directory } = world();
    const route = { id: ROUTE, owner: KEY, kind: 'control', holder: place(1), sharing: 'shared' } as const;
    const first = await open(route);
    expect(first).to.not.have.property('token');
    const { epoch } = first.state;
    expect((await open({ ...route, holder: place(2, 'node-2') })).kind).to.equal('joined');
    for (const number of [1, 2]) {
      await leave.execute({ id: ROUTE, fence: { connection: `connection-${number}`, epoch } });
    }
    const stranger = { ...route, owner: 'agent:other' } as const;
    clock.advance(SUBSCRIBER_LEASE_MS - 1);
    expect((await refusal(open(stranger))).code).to.equal('subscriber.owned_by_other');
    clock.advance(1);
    expect((await open(stranger)).kind).to.equal('claimed');
    expect((await directory.find(ROUTE))?.epoch).to.equal(epoch + 1);
  });
});

describe('the sweep of subscriptions', () => {
  it('lets the leases of a dead node run from now on, of any number, and ends those that have run out', async () => {
    const { open, sweep, clock, directory } = world();
    const count = SWEEP_BATCH + 5;
    for (let number = 1; number <= count; number += 1) {
      await open({ id: muxId(number), holder: place(number, number === 1 ? 'alive' : 'dead') });
    }
    const isAlive = (node: string): boolean => node === 'alive';
    expect(await sweep.execute({ isAlive })).to.deep.equal({ expired: 0, left: count - 1 });
    expect(await sweep.execute({ isAlive })).to.deep.equal({ expired: 0, left: 0 });
    expect(await directory.nodes()).to.deep.equal(['alive']);
    clock.advance(SUBSCRIBER_LEASE_MS);
    expect(await sweep.execute({ isAlive })).to.deep.equal({ expired: count - 1, left: 0 });
    expect(await directory.list({ realm: 'mux', limit: 9 })).to.have.length(1);
  });

  it('takes nothing from who comes back meanwhile', async () => {
    const { open, resume, sweep, clock } = world();
    const { token = '' } = await open({ holder: place(1, 'dead') });
    await sweep.execute({ isAlive: () => false });
    await resume(token, { holder: place(2, 'alive') });
    clock.advance(2 * SUBSCRIBER_LEASE_MS);
    expect(await sweep.execute({ isAlive: (node) => node === 'alive' })).to.deep.equal({
      expired: 0,
      left: 0,
    });
  });
});

describe('an owner who has as many as he may have', () => {
  it('is refused one more while all are held', async () => {
    const directory = new MemorySubscriberDirectory();
    const bounds = { mux: { detached: 1, all: 1 }, control: { detached: 1, all: 1 } };
    const deps = {
      directory,
      clock: new ManualClock(T0),
      ids: new CryptoIdSource(),
      digest: new NodeDigest(),
      bounds,
    };
    const claim = new ClaimSubscription({
      ...deps,
      audit: new RecordingAudit(),
      watchman: new RecordingWatchman(),
      metrics: new RecordingMetrics(),
      leaseMs: 10,
    });
    const command = { owner: owner(1), kind: 'chat', sharing: 'exclusive' } as const;
    const first = await claim.execute({ ...command, id: muxId(1), holder: place(1) });
    expect(first.state.leaseMs).to.equal(10);
    const more = { ...command, id: muxId(2), holder: place(2) };
    expect((await refusal(claim.execute(more))).code).to.equal('subscriber.limit_reached');
    await new LeaveSubscription(deps).execute({
      id: muxId(1),
      fence: { connection: 'connection-1', epoch: 1 },
    });
    expect((await claim.execute(more)).released.map(({ id }) => id)).to.deep.equal([muxId(1)]);
  });
});
