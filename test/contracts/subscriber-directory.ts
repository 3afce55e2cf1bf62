import { expect } from 'chai';
import type { AuditLog } from '../../src/application/ports/audit-log.ts';
import type {
  PutOutcome,
  SubscriberDirectory,
} from '../../src/application/ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../../src/application/ports/port-error.ts';
import type { AuditRecord } from '../../src/domain/audit/audit-record.ts';
import { Subscriber } from '../../src/domain/multiplexing/subscriber.ts';
import type { SubscriberState } from '../../src/domain/multiplexing/subscriber-state.ts';
import { T0 } from '../support/ledger-builders.ts';
import {
  aClaim,
  aRouteClaim,
  aSubscriber,
  left,
  muxId,
  owner,
  place,
  tokenHash,
} from '../support/subscriber-builders.ts';
import { describeSubscriberBounds } from './subscriber-directory-bounds.ts';
import { describeManySubscribers } from './subscriber-directory-many.ts';

/** A directory under test, and the acts that were stored with its writes. */
export interface DirectoryUnderTest {
  readonly directory: SubscriberDirectory;
  readonly acts: () => Promise<readonly string[]>;
}

/** More than anybody has here. */
const ROOM = { detached: 100, all: 100 };
const RACERS = 1_000;
const act = (name: string): AuditRecord => ({ act: `subscriber.${name}`, outcome: 'done' });

/** The acts of an audit log, but for what it says of itself. */
export const actsOf = async (log: AuditLog): Promise<string[]> =>
  (await log.read({ afterCursor: 0, limit: 1_000 }))
    .map(({ text }) => (JSON.parse(text) as AuditRecord).act)
    .filter((name) => name.startsWith('subscriber.'));

const taken = (state: SubscriberState, number: number): SubscriberState =>
  Subscriber.resume(
    Subscriber.restore(state),
    {
      owner: state.owner,
      kind: state.kind,
      holder: place(number),
      tokenSha256: state.tokenSha256 ?? '',
      nextTokenSha256: tokenHash(`next ${number}`),
    },
    { nowMs: T0 + 1, mark: `taken by ${number}` },
  ).subscriber.snapshot();

/** The behaviour of every `SubscriberDirectory`. */
export function describeSubscriberDirectory(name: string, create: () => Promise<DirectoryUnderTest>): void {
  describe(`${name} as a SubscriberDirectory`, () => {
    let subject: DirectoryUnderTest;
    beforeEach(async () => {
      subject = await create();
    });
    const directory = (): SubscriberDirectory => subject.directory;

    describeKeeping(directory);
    describeRaces(directory);
    describeFinding(directory);
    describeExpiry(directory);
    describeAudit(() => subject);
    describeSubscriberBounds(directory);
    describeManySubscribers(directory);
  });
}

const claim = (directory: SubscriberDirectory, state: SubscriberState) =>
  directory.put(state, { expected: undefined, bounds: ROOM });

function describeKeeping(directory: () => SubscriberDirectory): void {
  it('keeps a state whole as it was stored', async () => {
    const first = aSubscriber({ network: '192.0.2.0/24' });
    expect(await claim(directory(), first)).to.deep.equal({ kind: 'stored', released: [] });
    expect(await directory().find(first.id)).to.deep.equal(first);
    expect(await directory().find(muxId(2))).to.equal(undefined);
    const next = left(first, T0 + 5);
    await directory().put(next, { expected: first.mark, bounds: ROOM });
    expect(await directory().find(first.id)).to.deep.equal(next);
    const back = taken(next, 2);
    await directory().put(back, { expected: next.mark, bounds: ROOM });
    expect(await directory().find(first.id), 'without what the state before had').to.deep.equal(back);
  });

  it('stores nothing over another state than the one that was seen', async () => {
    const first = aSubscriber();
    await claim(directory(), first);
    const next = left(first, T0 + 5);
    expect(await claim(directory(), next)).to.deep.equal({ kind: 'outdated' });
    for (const expected of ['another', undefined]) {
      expect(await directory().put(next, { expected, bounds: ROOM })).to.deep.equal({ kind: 'outdated' });
    }
    expect(await directory().find(first.id)).to.deep.equal(first);
    expect(
      await directory().put(aSubscriber({ id: muxId(2) }), { expected: 'gone', bounds: ROOM }),
    ).to.deep.equal({
      kind: 'outdated',
    });
    expect(await directory().find(muxId(2))).to.equal(undefined);
  });

  it('removes a state once, if it is the one that was seen', async () => {
    const first = aSubscriber();
    await claim(directory(), first);
    expect(await directory().remove(first.id, 'another')).to.equal(false);
    const removals = await Promise.all([1, 2, 3].map(() => directory().remove(first.id, first.mark)));
    expect(removals.filter(Boolean)).to.have.length(1);
    expect(await directory().find(first.id)).to.equal(undefined);
    expect((await claim(directory(), first)).kind).to.equal('stored');
  });

  it('does not let a late change of one who owned a name before touch its next owner', async () => {
    const first = aSubscriber();
    await claim(directory(), first);
    await directory().remove(first.id, first.mark);
    const second = aSubscriber({ owner: owner(2) }, 'claimed again');
    await claim(directory(), second);
    const late = { expected: first.mark, bounds: ROOM };
    expect(await directory().put(left(first, T0 + 9), late)).to.deep.equal({ kind: 'outdated' });
    expect(await directory().remove(first.id, first.mark)).to.equal(false);
    expect(await directory().find(first.id)).to.deep.equal(second);
  });
}

function describeRaces(directory: () => SubscriberDirectory): void {
  /** What became of each racer. A store that has no connection left for one of them has done nothing for him. */
  const racing = (racer: (number: number) => Promise<PutOutcome>): Promise<Array<{ kind: string }>> =>
    Promise.all(
      Array.from({ length: RACERS }, (_, number) =>
        racer(number).catch((error: unknown) => {
          if (error instanceof PortError && error.kind === 'unavailable') return { kind: 'outdated' };
          throw error;
        }),
      ),
    );

  it(`gives an id to one of ${RACERS} who claim it at once`, async function () {
    this.timeout(60_000);
    const claims = await racing((number) =>
      claim(directory(), aSubscriber({ owner: owner(number), holder: place(number) }, `claim ${number}`)),
    );
    const winners = claims.flatMap(({ kind }, number) => (kind === 'stored' ? [number] : []));
    expect(winners).to.have.length(1);
    expect(claims.filter(({ kind }) => kind === 'outdated')).to.have.length(RACERS - 1);
    expect((await directory().find(muxId(1)))?.owner).to.equal(owner(winners[0] ?? -1));
  });

  it(`gives a session that was left to one of ${RACERS} who take it back at once, in one epoch`, async function () {
    this.timeout(60_000);
    const held = left(aSubscriber(), T0);
    await claim(directory(), held);
    const returns = await racing((number) =>
      directory().put(taken(held, number), { expected: held.mark, bounds: ROOM }),
    );
    const winners = returns.flatMap(({ kind }, number) => (kind === 'stored' ? [number] : []));
    expect(winners).to.have.length(1);
    expect(await directory().find(held.id)).to.deep.equal(taken(held, winners[0] ?? -1));
  });
}

function describeFinding(directory: () => SubscriberDirectory): void {
  const idsOf = (states: readonly SubscriberState[]): string[] => states.map(({ id }) => id);

  it('lists by owner and by realm, in pages', async () => {
    for (const number of [3, 1, 2]) await claim(directory(), aSubscriber({ id: muxId(number) }));
    await claim(directory(), aSubscriber({ id: muxId(4), owner: owner(2) }));
    await claim(directory(), aSubscriber({ ...aRouteClaim(), id: 'control:a' }));
    const page = { realm: 'mux', owner: owner(1), limit: 2 } as const;
    expect(idsOf(await directory().list(page))).to.deep.equal([muxId(1), muxId(2)]);
    expect(idsOf(await directory().list({ ...page, after: muxId(2) }))).to.deep.equal([muxId(3)]);
    expect(idsOf(await directory().list({ realm: 'mux', limit: 9 }))).to.have.length(4);
    expect(idsOf(await directory().list({ realm: 'control', limit: 9 }))).to.deep.equal(['control:a']);
    expect(await directory().list({ realm: 'control', owner: owner(2), limit: 9 })).to.deep.equal([]);
    expect(await directory().list({ ...page, limit: 0 })).to.deep.equal([]);
  });

  it('finds what the connections of each node hold', async () => {
    const shared = Subscriber.claim(undefined, aRouteClaim({ holder: place(1, 'node-1') }), {
      nowMs: T0,
      mark: 'a',
    });
    const joined = Subscriber.claim(shared.subscriber, aRouteClaim({ holder: place(2, 'node-2') }), {
      nowMs: T0,
      mark: 'b',
    });
    await claim(directory(), joined.subscriber.snapshot());
    await claim(directory(), aSubscriber({ holder: place(3, 'node-2') }));
    await claim(directory(), left(aSubscriber({ id: muxId(2), holder: place(4, 'node-3') }), T0));
    expect((await directory().nodes()).toSorted()).to.deep.equal(['node-1', 'node-2']);
    expect(idsOf(await directory().heldBy('node-1', 9))).to.deep.equal(['control:sess-shared-demo']);
    expect(idsOf(await directory().heldBy('node-2', 9))).to.have.members([
      muxId(1),
      'control:sess-shared-demo',
    ]);
    expect(await directory().heldBy('node-2', 1)).to.have.length(1);
    expect(await directory().heldBy('node-3', 9)).to.deep.equal([]);
  });
}

function describeExpiry(directory: () => SubscriberDirectory): void {
  it('sweeps away what nobody came back to before its lease ran out, some at a time', async () => {
    const lease = { leaseMs: 10 };
    await claim(directory(), aSubscriber({ id: muxId(1), ...lease }));
    for (const number of [2, 3, 4]) {
      await claim(directory(), left(aSubscriber({ id: muxId(number), ...lease }), T0 + number));
    }
    expect(await directory().expire(T0 + 11, 9)).to.equal(0);
    expect(await directory().expire(T0 + 13, 1)).to.equal(1);
    expect(await directory().find(muxId(2)), 'the first first').to.equal(undefined);
    expect(await directory().expire(T0 + 13, 9)).to.equal(1);
    expect(await directory().find(muxId(4))).to.not.equal(undefined);
    expect(await directory().expire(T0 + 999, 9)).to.equal(1);
    expect(await directory().find(muxId(1)), 'one that is held').to.not.equal(undefined);
  });
}

function describeAudit(subject: () => DirectoryUnderTest): void {
  it('stores acts with what they tell of, and none of what was not done', async () => {
    const { directory, acts } = subject();
    const first = aSubscriber(aClaim());
    const unseen = { expected: undefined, bounds: ROOM };
    await directory.put(first, unseen, [act('claimed')]);
    await directory.put(aSubscriber({ owner: owner(2) }, 'late'), unseen, [act('claimed-twice')]);
    await directory.put(left(first, T0), { expected: 'another', bounds: ROOM }, [act('left')]);
    await directory.remove(first.id, 'another', [act('not-removed')]);
    await directory.remove(first.id, first.mark, [act('removed')]);
    expect(await acts()).to.deep.equal(['subscriber.claimed', 'subscriber.removed']);
  });
}
