import { expect } from 'chai';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import {
  Subscriber,
  type SubscriberReturn,
  type Transition,
} from '../../../src/domain/multiplexing/subscriber.ts';
import { ownerOf } from '../../../src/domain/multiplexing/subscriber-owner.ts';
import {
  MAX_HOLDERS,
  MAX_PREVIOUS_TOKENS,
  SUBSCRIBER_LEASE_MS,
} from '../../../src/domain/multiplexing/subscriber-state.ts';
import { T0, user } from '../../support/ledger-builders.ts';
import { aClaim, aRouteClaim, owner, place, tokenHash } from '../../support/subscriber-builders.ts';

let marks = 0;
const at = (nowMs: number): Transition => {
  marks += 1;
  return { nowMs, mark: `mark-${marks}` };
};
const aReturn = (facts: Partial<SubscriberReturn> = {}): SubscriberReturn => ({
  owner: owner(1),
  kind: 'chat',
  holder: place(2),
  tokenSha256: tokenHash('first'),
  nextTokenSha256: tokenHash('second'),
  ...facts,
});
const held = (): Subscriber => Subscriber.claim(undefined, aClaim(), at(T0)).subscriber;
const detached = (atMs = T0 + 5): Subscriber => {
  const after = held().detach({ connection: 'connection-1', epoch: 1 }, at(atMs));
  if (after === undefined) throw new Error('the holder could not leave');
  return after;
};
const refusalOf = (act: () => unknown): DomainError => {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('a subscriber', () => {
  it('is tied to whoever claims it first, in epoch 1', () => {
    const { kind, subscriber } = Subscriber.claim(undefined, aClaim({ network: '192.0.2.0/24' }), at(T0));
    expect(kind).to.equal('claimed');
    expect(subscriber.snapshot()).to.deep.include({
      owner: owner(1),
      epoch: 1,
      sharing: 'exclusive',
      holders: [{ ...place(1), sinceMs: T0 }],
      leaseMs: SUBSCRIBER_LEASE_MS,
      network: '192.0.2.0/24',
    });
    expect(subscriber.isHeldBy({ connection: 'connection-1', epoch: 1 })).to.equal(true);
    expect(subscriber.isOwnedBy(owner(1))).to.equal(true);
    expect(subscriber.isOwnedBy(owner(2))).to.equal(false);
  });

  it('comes back to its owner with its token, in the next epoch', () => {
    const outcome = Subscriber.resume(detached(), aReturn({ network: '198.51.100.0/24' }), at(T0 + 9));
    expect(outcome.kind).to.equal('resumed');
    const state = outcome.subscriber.snapshot();
    expect(state).to.deep.include({ epoch: 2, holders: [{ ...place(2), sinceMs: T0 + 9 }] });
    expect(state).to.include({ network: '198.51.100.0/24', params: aClaim().params });
    expect(state).to.not.have.any.keys('detachedAtMs', 'leaseEndsAtMs');
  });

  it('moves to another connection of its owner, and fences the old one', () => {
    const outcome = Subscriber.resume(held(), aReturn(), at(T0 + 1));
    expect(outcome).to.deep.include({ kind: 'took-over', ousted: [{ ...place(1), sinceMs: T0 }] });
    const { subscriber } = outcome;
    const old = { connection: 'connection-1', epoch: 1 };
    expect(subscriber.isHeldBy(old)).to.equal(false);
    expect(subscriber.isHeldBy({ ...old, epoch: 2 })).to.equal(false);
    expect(subscriber.isHeldBy({ connection: 'connection-2', epoch: 1 })).to.equal(false);
    expect(subscriber.isHeldBy({ connection: 'connection-2', epoch: 2 })).to.equal(true);
    expect(subscriber.detach(old, at(T0 + 2))).to.equal(undefined);
    expect(subscriber.confirm(old, at(T0 + 2))).to.equal(undefined);
    expect(subscriber.release(at(T0 + 2), old)).to.equal(undefined);
  });

  it('keeps its owner while nobody is connected, until the lease that runs from the disconnect is over', () => {
    const left = detached(T0 + 5);
    const endsAtMs = T0 + 5 + SUBSCRIBER_LEASE_MS;
    expect(left.snapshot()).to.include({ detachedAtMs: T0 + 5, leaseEndsAtMs: endsAtMs });
    expect(left.isExpiredAt(endsAtMs - 1)).to.equal(false);
    expect(left.expire(at(endsAtMs - 1))).to.equal(undefined);
    expect(Subscriber.resume(left, aReturn(), at(endsAtMs - 1)).kind).to.equal('resumed');
    expect(left.isExpiredAt(endsAtMs)).to.equal(true);
    expect(left.expire(at(endsAtMs))?.snapshot().end).to.deep.equal({ kind: 'expired', atMs: endsAtMs });
    expect(held().isExpiredAt(T0 + 10 * SUBSCRIBER_LEASE_MS)).to.equal(false);
  });

  it('takes the lease that it was claimed with', () => {
    const brief = Subscriber.claim(undefined, aClaim({ leaseMs: 10 }), at(T0)).subscriber;
    const left = brief.detach({ connection: 'connection-1', epoch: 1 }, at(T0 + 1));
    expect(left?.snapshot().leaseEndsAtMs).to.equal(T0 + 11);
  });

  it('is over once it is released, also for its owner', () => {
    const released = held().release(at(T0 + 1), { connection: 'connection-1', epoch: 1 });
    expect(released?.snapshot().end).to.deep.equal({ kind: 'released', atMs: T0 + 1 });
    expect(refusalOf(() => Subscriber.resume(released, aReturn(), at(T0 + 2))).code).to.equal(
      'subscriber.owned_by_other',
    );
    expect(released?.release(at(T0 + 2))).to.equal(undefined);
    expect(released?.isHeldBy({ connection: 'connection-1', epoch: 1 })).to.equal(false);
    expect(
      detached()
        .release(at(T0 + 9))
        ?.snapshot().end?.kind,
    ).to.equal('released');
  });

  it('is left by the connections of a process that died', () => {
    expect(held().detachNode('node-2', at(T0 + 1))).to.equal(undefined);
    expect(
      held()
        .detachNode('node-1', at(T0 + 1))
        ?.snapshot(),
    ).to.deep.include({
      holders: [],
      leaseEndsAtMs: T0 + 1 + SUBSCRIBER_LEASE_MS,
    });
  });
});

describe('a token of a subscriber', () => {
  it('takes it back once: the one that was shown is spent when the new client has been heard', () => {
    const { subscriber } = Subscriber.resume(detached(), aReturn(), at(T0 + 9));
    const heard = subscriber.confirm({ connection: 'connection-2', epoch: 2 }, at(T0 + 10));
    const used = refusalOf(() => Subscriber.resume(heard, aReturn(), at(T0 + 11)));
    expect(used).to.deep.include({
      code: 'subscriber.owned_by_other',
      details: { internal: { cause: 'token' } },
    });
    const next = aReturn({ tokenSha256: tokenHash('second'), nextTokenSha256: tokenHash('third') });
    expect(Subscriber.resume(heard, next, at(T0 + 11)).subscriber.snapshot().epoch).to.equal(3);
    expect(heard?.confirm({ connection: 'connection-2', epoch: 2 }, at(T0 + 12))).to.equal(heard);
  });

  it('is good once more after a cut before its successor was read', () => {
    const { subscriber } = Subscriber.resume(detached(), aReturn(), at(T0 + 9));
    const cut = subscriber.detach({ connection: 'connection-2', epoch: 2 }, at(T0 + 10));
    const again = aReturn({ holder: place(3), nextTokenSha256: tokenHash('third') });
    const { subscriber: back } = Subscriber.resume(cut, again, at(T0 + 11));
    expect(back.snapshot().epoch).to.equal(3);
  });

  it('is spent when the new client has gone after it was heard, also when nobody was told of that before', () => {
    const { subscriber } = Subscriber.resume(detached(), aReturn(), at(T0 + 9));
    const gone = subscriber.detach({ connection: 'connection-2', epoch: 2 }, at(T0 + 10), true);
    expect(gone?.snapshot()).to.include({ leaseEndsAtMs: T0 + 10 + SUBSCRIBER_LEASE_MS });
    const used = refusalOf(() => Subscriber.resume(gone, aReturn(), at(T0 + 11)));
    expect(used.code).to.equal('subscriber.owned_by_other');
  });

  it('is good when a resume that its client has given up comes after the one that brought it', () => {
    const { subscriber: read } = Subscriber.resume(detached(), aReturn(), at(T0 + 9));
    // The same old token, shown on a connection that is gone, is acted on only now; nobody reads what it brings.
    const late = aReturn({ holder: place(3), nextTokenSha256: tokenHash('third') });
    const { subscriber: taken } = Subscriber.resume(read, late, at(T0 + 10));
    const again = aReturn({
      holder: place(4),
      tokenSha256: tokenHash('second'),
      nextTokenSha256: tokenHash('fourth'),
    });
    const { subscriber: back } = Subscriber.resume(taken, again, at(T0 + 11));
    expect(back.snapshot().epoch).to.equal(4);
    const heard = back.confirm({ connection: 'connection-4', epoch: 4 }, at(T0 + 12));
    for (const spent of ['second', 'third'])
      expect(
        refusalOf(() => Subscriber.resume(heard, aReturn({ tokenSha256: tokenHash(spent) }), at(T0 + 13)))
          .code,
      ).to.equal('subscriber.owned_by_other');
  });

  it('is kept beside few others, however many resumes nobody is heard after', () => {
    let { subscriber } = Subscriber.resume(detached(), aReturn(), at(T0 + 9));
    for (let resume = 0; resume < 10; resume += 1) {
      const nextTokenSha256 = tokenHash(`next ${resume}`);
      subscriber = Subscriber.resume(
        subscriber,
        aReturn({ nextTokenSha256 }),
        at(T0 + 10 + resume),
      ).subscriber;
    }
    expect(subscriber.snapshot().previousTokensSha256).to.have.length(MAX_PREVIOUS_TOKENS);
    expect(subscriber.snapshot().previousTokensSha256?.[0]).to.equal(aReturn().tokenSha256);
  });
});

describe('the refusal of a foreign claim', () => {
  const lapsedAtMs = T0 + 5 + SUBSCRIBER_LEASE_MS;
  const attempts: ReadonlyArray<readonly [string, string, () => unknown]> = [
    ['an unknown id', 'unknown', () => Subscriber.resume(undefined, aReturn(), at(T0))],
    [
      'another owner, while it is held',
      'foreign',
      () => Subscriber.resume(held(), aReturn({ owner: owner(2) }), at(T0)),
    ],
    [
      'another owner, when the holder has gone',
      'foreign',
      () => Subscriber.resume(detached(), aReturn({ owner: owner(2) }), at(T0 + 6)),
    ],
    [
      'another owner, when the lease is over',
      'foreign',
      () => Subscriber.resume(detached(), aReturn({ owner: owner(2) }), at(lapsedAtMs)),
    ],
    [
      'the owner, with a wrong token',
      'token',
      () => Subscriber.resume(detached(), aReturn({ tokenSha256: tokenHash('guess') }), at(T0 + 6)),
    ],
    ['the owner, too late', 'expired', () => Subscriber.resume(detached(), aReturn(), at(lapsedAtMs))],
    ['a claim of a held session', 'token', () => Subscriber.claim(held(), aClaim(), at(T0))],
    [
      "a claim of another's held session",
      'foreign',
      () => Subscriber.claim(held(), aClaim({ owner: owner(2) }), at(T0)),
    ],
    [
      "a claim of another's route",
      'foreign',
      () => Subscriber.claim(route(), aRouteClaim({ owner: owner(2) }), at(T0)),
    ],
    [
      "a claim of another's route with a token",
      'token',
      () => Subscriber.claim(route(), aClaim({ id: 'control:sess-shared-demo' }), at(T0)),
    ],
  ];
  const route = (): Subscriber => Subscriber.claim(undefined, aRouteClaim(), at(T0)).subscriber;

  for (const [who, cause, attempt] of attempts) {
    it(`is the same to ${who}, and only the audit learns why`, () => {
      const { code, message, details } = refusalOf(attempt);
      expect({ code, message }).to.deep.equal({
        code: 'subscriber.owned_by_other',
        message: 'This session is not yours to take',
      });
      expect(details).to.deep.equal({ internal: { cause } });
    });
  }

  it('is not what an owner reads who is right in all but the kind, and costs him no token', () => {
    const left = detached();
    expect(refusalOf(() => Subscriber.resume(left, aReturn({ kind: 'echo' }), at(T0 + 6))).code).to.equal(
      'request.invalid',
    );
    expect(Subscriber.resume(left, aReturn(), at(T0 + 7)).kind).to.equal('resumed');
  });
});

describe('a shared subscriber', () => {
  const route = (): Subscriber => Subscriber.claim(undefined, aRouteClaim(), at(T0)).subscriber;

  it('is held by several connections of its owner side by side, and leased from the last that goes', () => {
    const { kind, subscriber } = Subscriber.claim(
      route(),
      aRouteClaim({ holder: place(2, 'node-2') }),
      at(T0 + 1),
    );
    expect(kind).to.equal('joined');
    expect(subscriber.snapshot().holders).to.have.length(2);
    const { epoch } = subscriber.snapshot();
    const one = subscriber.detach({ connection: 'connection-1', epoch }, at(T0 + 2));
    expect(one?.snapshot()).to.not.have.property('leaseEndsAtMs');
    expect(one?.isHeldBy({ connection: 'connection-2', epoch })).to.equal(true);
    const none = one?.detachNode('node-2', at(T0 + 3));
    expect(none?.snapshot().leaseEndsAtMs).to.equal(T0 + 3 + SUBSCRIBER_LEASE_MS);
    const back = Subscriber.claim(none, aRouteClaim(), at(T0 + 4));
    expect(back.kind).to.equal('joined');
    expect(back.subscriber.snapshot()).to.not.have.property('leaseEndsAtMs');
  });

  it('is free when the lease is over: another owner begins a new epoch, with nothing of the old one', () => {
    const held = route();
    const { epoch } = held.snapshot();
    const left = held.detach({ connection: 'connection-1', epoch }, at(T0 + 1));
    const atMs = T0 + 1 + SUBSCRIBER_LEASE_MS;
    const taken = Subscriber.claim(left, aRouteClaim({ owner: owner(2), holder: place(9) }), at(atMs));
    expect(taken.kind).to.equal('claimed');
    expect(taken.subscriber.snapshot()).to.deep.include({
      owner: owner(2),
      epoch: epoch + 1,
      claimedAtMs: atMs,
    });
    expect(taken.subscriber.isHeldBy({ connection: 'connection-1', epoch })).to.equal(false);
  });

  it('is in a new epoch whenever it is claimed, also when nothing is kept of who had its name before', () => {
    const former = { connection: 'connection-1', epoch: route().snapshot().epoch };
    const next = Subscriber.claim(undefined, aRouteClaim({ owner: owner(2) }), at(T0 + 1)).subscriber;
    expect(next.isHeldBy(former)).to.equal(false);
    expect(next.detach(former, at(T0 + 2))).to.equal(undefined);
  });

  it('is held by so many and no more, and counts who joins twice once', () => {
    let subscriber = route();
    for (let number = 2; number <= MAX_HOLDERS; number += 1) {
      subscriber = Subscriber.claim(subscriber, aRouteClaim({ holder: place(number) }), at(T0)).subscriber;
    }
    const again = Subscriber.claim(subscriber, aRouteClaim({ holder: place(2) }), at(T0));
    expect(again.subscriber.snapshot().holders).to.have.length(MAX_HOLDERS);
    const more = aRouteClaim({ holder: place(MAX_HOLDERS + 1) });
    expect(refusalOf(() => Subscriber.claim(subscriber, more, at(T0))).code).to.equal(
      'subscriber.limit_reached',
    );
  });
});

describe('the owner of a subscription', () => {
  const person = { userId: user(1), username: 'ann', email: 'ann@example.org', role: 'user' } as const;
  const apiKeyId = 'abcdefghijkl' as ApiKeyId;

  it('is the person, by whichever credential', () => {
    const byKey = ownerOf({ ...person, kind: 'key', apiKeyId, scopes: ['mux'] });
    expect(byKey).to.equal(owner(1));
    expect(ownerOf({ ...person, kind: 'user', loginSessionId: 's_1' as never })).to.equal(byKey);
  });

  it("is an agent's profile, or its key, and never its user", () => {
    expect(ownerOf({ kind: 'agent', apiKeyId, scopes: ['control'], agent: 'builder' })).to.equal(
      'agent:builder',
    );
    expect(ownerOf({ kind: 'agent', apiKeyId, scopes: ['control'] })).to.equal('key:abcdefghijkl');
  });
});
