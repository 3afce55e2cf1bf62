import { expect } from 'chai';
import type { ApiKeyRepository } from '../../src/application/ports/identity/api-key-repository.ts';
import type { LoginSessionRepository } from '../../src/application/ports/identity/login-session-repository.ts';
import type { RevocationLog } from '../../src/application/ports/identity/revocation-log.ts';
import type { UserRepository } from '../../src/application/ports/identity/user-repository.ts';
import type { LoginSessionId } from '../../src/domain/identity/ids.ts';
import { aControlKey, aKey, aSession, aUser } from '../support/identity-builders.ts';
import { T0, user } from '../support/ledger-builders.ts';
import { describeRenewal } from './user-repository-renewal.ts';

/** A repository under test, the sessions, the keys and the log beside it, and how to put them away. */
export interface UsersUnderTest {
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly revocations: RevocationLog;
  close(): Promise<void>;
}

/** The behaviour of every `UserRepository`. */
export function describeUserRepository(name: string, create: () => Promise<UsersUnderTest>): void {
  describe(`${name} as a UserRepository`, () => {
    let subject: UsersUnderTest;
    let users: UserRepository;
    beforeEach(async () => {
      subject = await create();
      users = subject.users;
    });
    afterEach(() => subject.close());

    describeFinding(() => users);
    describeChanges(() => users);
    describeAdmins(() => users);

    it('ends all sessions with a change that says so, but the one that it keeps', async () => {
      await users.add(aUser(1));
      await users.add(aUser(2));
      for (const [number, owner] of [
        [1, 1],
        [2, 1],
        [3, 2],
      ] as const) {
        await subject.sessions.begin(aSession(number, { userId: user(owner) }), `hash-${number}`);
      }
      const keepSession = aSession(2).id;
      await users.change(user(1), { passwordHash: 'new' }, { endSessionsAtMs: T0 + 5, keepSession });
      const live = (id: LoginSessionId) => subject.sessions.isLive(id, T0 + 6);
      expect(await Promise.all([1, 2, 3].map((number) => live(aSession(number).id)))).to.deep.equal([
        false,
        true,
        true,
      ]);
      await users.change(user(1), { disabledAtMs: T0 }, { endSessionsAtMs: T0 + 7 });
      expect(await live(keepSession)).to.equal(false);
    });

    describeKeys(() => subject);
    describeRevocations(() => subject);
    describe('of somebody who changes his own privileges', () => describeRenewal(() => subject));
  });
}

function describeKeys(subject: () => UsersUnderTest): void {
  it('revokes the keys of whoever is disabled or deleted, for good, and of nobody else', async () => {
    const { users, apiKeys } = subject();
    const number = async (owner: number): Promise<number> =>
      (await apiKeys.listLive(user(owner), T0 + 9)).length;
    for (const owner of [1, 2, 3]) {
      await users.add(aUser(owner));
      await apiKeys.add(aKey(owner, { ownerId: user(owner) }), 9);
    }
    await apiKeys.add(aControlKey(9), 9);
    await users.change(user(1), { role: 'supervisor', passwordHash: 'new' }, { endSessionsAtMs: T0 });
    expect(await number(1)).to.equal(1);
    await users.change(user(1), { disabledAtMs: T0 }, { endSessionsAtMs: T0 });
    await users.change(user(1), { disabledAtMs: null });
    const deleted = { atMs: T0, username: 'gone', email: 'gone@deleted.invalid' };
    await users.change(user(2), { deleted }, { endSessionsAtMs: T0 });
    expect(await Promise.all([1, 2, 3].map(number))).to.deep.equal([0, 0, 1]);
    expect(await apiKeys.listLive('agents', T0)).to.have.length(1);
  });
}

function describeFinding(users: () => UserRepository): void {
  it('finds a user by id and by folded names, whole as he was added', async () => {
    const marked = aUser(1, { passwordMark: 'demo', isVerified: true });
    expect(await users().add(marked)).to.equal('added');
    expect(await users().find(user(1))).to.deep.equal(marked);
    expect(await users().findByUsername('user1')).to.deep.equal(marked);
    expect(await users().findByEmail('user1@example.org')).to.deep.equal(marked);
    expect(await users().findByUsername('User1')).to.equal(undefined);
    expect(await users().find(user(2))).to.equal(undefined);
  });

  it('adds one of two users who want the same username or the same email, also when they race', async () => {
    const rivals = [
      aUser(1, { usernameKey: 'same' }),
      aUser(2, { usernameKey: 'same' }),
      aUser(3, { emailKey: 'mail' }),
      aUser(4, { emailKey: 'mail' }),
    ];
    const outcomes = await Promise.all(rivals.map((rival) => users().add(rival)));
    for (const pair of [outcomes.slice(0, 2), outcomes.slice(2)]) {
      expect(pair.toSorted()).to.deep.equal(['added', 'taken']);
    }
    expect(await users().count()).to.equal(2);
  });

  it('searches by a part of either name, taken literally, oldest first and paged', async () => {
    for (const number of [3, 1, 2]) await users().add(aUser(number, { createdAtMs: T0 + number }));
    await users().add(aUser(9, { usernameKey: 'per%cent', createdAtMs: T0 + 9 }));
    const idsOf = async (text: string, offset = 0, limit = 9) =>
      (await users().search(text, { offset, limit })).users.map((found) => found.id);
    expect(await idsOf('user')).to.deep.equal([user(1), user(2), user(3), user(9)]);
    expect(await idsOf('', 1, 2)).to.deep.equal([user(2), user(3)]);
    expect(await idsOf('%')).to.deep.equal([user(9)]);
    expect(await idsOf('user2@')).to.deep.equal([user(2)]);
    expect((await users().search('', { offset: 3, limit: 1 })).total).to.equal(4);
  });

  it('tells whether an enabled account carries a mark', async () => {
    await users().add(aUser(1, { passwordMark: 'demo' }));
    expect(await users().hasMark('demo')).to.equal(true);
    expect(await users().hasMark('generated')).to.equal(false);
    await users().change(user(1), { disabledAtMs: T0 });
    expect(await users().hasMark('demo')).to.equal(false);
  });
}

function describeChanges(users: () => UserRepository): void {
  it('changes what is named, clears what is null, and leaves the rest', async () => {
    const before = aUser(1, { passwordMark: 'generated', disabledAtMs: T0 });
    await users().add(before);
    expect(await users().change(user(1), { role: 'supervisor' })).to.equal('changed');
    expect(await users().find(user(1))).to.deep.equal({ ...before, role: 'supervisor' });
    const change = { passwordHash: 'next', passwordMark: null, isVerified: true, disabledAtMs: null };
    await users().change(user(1), change);
    expect(await users().find(user(1))).to.deep.equal(
      aUser(1, { role: 'supervisor', passwordHash: 'next', isVerified: true }),
    );
    expect(await users().change(user(2), { role: 'admin' })).to.equal('not-found');
  });

  it('replaces the password that a change was made for, and no other', async () => {
    await users().add(aUser(1, { passwordHash: 'first' }));
    const outcomes = await Promise.all([
      users().change(user(1), { passwordHash: 'second', replacesHash: 'first' }),
      users().change(user(1), { passwordHash: 'third', replacesHash: 'first', role: 'supervisor' }),
    ]);
    expect(outcomes).to.deep.equal(['changed', 'outdated']);
    expect(await users().find(user(1))).to.deep.equal(aUser(1, { passwordHash: 'second' }));
  });

  it('anonymises a deleted user for good and keeps his new names taken', async () => {
    await users().add(aUser(1));
    const deleted = { atMs: T0 + 5, username: 'Gone-1', email: 'Gone-1@invalid' };
    await users().change(user(1), { deleted });
    expect(await users().find(user(1))).to.deep.equal(
      aUser(1, {
        username: 'Gone-1',
        usernameKey: 'gone-1',
        email: 'Gone-1@invalid',
        emailKey: 'gone-1@invalid',
        disabledAtMs: T0 + 5,
        deletedAtMs: T0 + 5,
      }),
    );
    expect(await users().findByUsername('user1')).to.equal(undefined);
    expect(await users().change(user(1), { disabledAtMs: null })).to.equal('not-found');
    expect(await users().add(aUser(2, { usernameKey: 'gone-1' }))).to.equal('taken');
  });
}

function describeAdmins(users: () => UserRepository): void {
  it('never leaves the store without an enabled admin', async () => {
    await users().add(aUser(1, { role: 'admin' }));
    await users().add(aUser(2, { role: 'admin', disabledAtMs: T0 }));
    const deleted = { atMs: T0, username: 'x', email: 'x@invalid' };
    for (const change of [{ role: 'user' as const }, { disabledAtMs: T0 }, { deleted }]) {
      expect(await users().change(user(1), change)).to.equal('last-admin');
    }
    expect(await users().find(user(1))).to.deep.equal(aUser(1, { role: 'admin' }));
    expect(await users().change(user(1), { isVerified: true })).to.equal('changed');
    expect(await users().change(user(2), { disabledAtMs: null })).to.equal('changed');
    expect(await users().change(user(1), { role: 'user' })).to.equal('changed');
  });

  it('refuses one of two admins who demote each other at once', async () => {
    await users().add(aUser(1, { role: 'admin' }));
    await users().add(aUser(2, { role: 'admin' }));
    const outcomes = await Promise.all([
      users().change(user(2), { role: 'user' }),
      users().change(user(1), { role: 'user' }),
    ]);
    expect(outcomes.toSorted()).to.deep.equal(['changed', 'last-admin']);
  });
}

function describeRevocations(subject: () => UsersUnderTest): void {
  const keepSession = aSession(2).id;
  const deleted = { atMs: T0 + 5, username: 'gone', email: 'gone@invalid' };
  const endSessionsAtMs = T0 + 5;
  const gone = [1, 2].map((number) => ({ loginSessionId: aSession(number).id }));
  const acts: ReadonlyArray<
    readonly [string, Parameters<UserRepository['change']>, readonly Readonly<Record<string, unknown>>[]]
  > = [
    ['another role', [user(1), { role: 'supervisor' }, { endSessionsAtMs }], [...gone, { userId: user(1) }]],
    [
      'a password of his own choice, but the session that chose it',
      [user(1), { passwordHash: 'new' }, { endSessionsAtMs, keepSession }],
      [...gone.slice(0, 1), { userId: user(1) }],
    ],
    [
      'an account that is disabled',
      [user(1), { disabledAtMs: T0 + 5 }, { endSessionsAtMs }],
      [...gone, { userId: user(1), closed: true }],
    ],
    [
      'an account that is deleted',
      [user(1), { deleted }, { endSessionsAtMs }],
      [...gone, { userId: user(1), closed: true }],
    ],
    ['no change that ends nothing', [user(1), { isVerified: true }], []],
    ['no change of who is not there', [user(9), { role: 'admin' }, { endSessionsAtMs }], []],
    ['no change that is refused', [user(3), { role: 'user' }, { endSessionsAtMs }], []],
    [
      'no change that came too late',
      [user(1), { passwordHash: 'new', replacesHash: 'other' }, { endSessionsAtMs }],
      [],
    ],
  ];
  for (const [what, act, expected] of acts) {
    it(`writes to the revocation log: ${what}`, async () => {
      const { users, sessions, revocations } = subject();
      await users.add(aUser(1));
      await users.add(aUser(3, { role: 'admin' }));
      await sessions.begin(aSession(1), 'r1');
      await sessions.begin(aSession(2), 'r2');
      await sessions.begin(aSession(3, { userId: user(3) }), 'r3');
      const { head } = await revocations.range();
      await users.change(...act);
      const entries = await revocations.after(head, 100);
      expect(entries === 'lost' ? entries : entries.map(({ end }) => end)).to.have.deep.members(expected);
    });
  }
}
