import { expect } from 'chai';
import {
  type IdentityStore,
  openIdentityStore,
} from '../../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import type { RecordActs } from '../../../../src/adapters/outbound/mongo/record-acts.ts';
import type { LoginEnd } from '../../../../src/application/ports/identity/login-ends.ts';
import type { AuditRecord } from '../../../../src/domain/audit/audit-record.ts';
import { USE_INTERVAL_MS } from '../../../../src/domain/identity/login-session.ts';
import {
  aCookieSession,
  aKey,
  aSession,
  aTicket,
  aUser,
  IDLE_MS,
} from '../../../support/identity-builders.ts';
import { insist } from '../../../support/insist.ts';
import { T0, user } from '../../../support/ledger-builders.ts';
import { type Cut, MongoProxy, type PassingCommand } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

/** A write with what goes before it, and what has to be true after it, once. */
interface Write {
  readonly name: string;
  /** The commands that it writes with, each of which is cut. */
  readonly commands: readonly string[];
  readonly prepare?: (stores: IdentityStore) => Promise<unknown>;
  readonly act: (stores: IdentityStore) => Promise<unknown>;
  readonly outcome: unknown;
  /** What the revocation log has then. */
  readonly ends?: readonly LoginEnd[];
  /** The ends may come in another order. */
  readonly inAnyOrder?: true;
  /** What is recorded then. */
  readonly acts?: readonly string[];
  readonly check: (stores: IdentityStore) => Promise<void>;
}

const told = (act: string): AuditRecord[] => [{ act, outcome: 'done' }];
const atOnce = { ofUser: 1, inAll: 1 };
const SEVERAL = [1, 2, 3, 4, 5, 6];
const first = { kid: 'a', algorithm: 'EdDSA', privateJwk: '{}', createdAtMs: T0 } as const;
const used = { lastUsedAtMs: T0 + USE_INTERVAL_MS, idleEndsAtMs: T0 + USE_INTERVAL_MS + IDLE_MS };

/** What the ends of one login have in common. */
const anEnd: Pick<Write, 'commands' | 'prepare' | 'ends' | 'acts' | 'check'> = {
  commands: ['findAndModify', 'insert', 'commitTransaction'],
  prepare: ({ sessions }) => sessions.begin(aSession(1), 'r1'),
  ends: [{ loginSessionId: aSession(1).id }],
  acts: ['ended'],
  check: async ({ sessions }) => {
    expect(await sessions.isLive(aSession(1).id, T0 + 6)).to.equal(false);
  },
};

const WRITES: readonly Write[] = [
  {
    name: 'the adding of an account',
    commands: ['insert', 'commitTransaction'],
    act: ({ users }) => users.add(aUser(1), told('added')),
    outcome: 'added',
    acts: ['added'],
    check: async ({ users }) => {
      expect(await users.findByUsername('user1')).to.deep.equal(aUser(1));
      expect(await users.add(aUser(2, { emailKey: aUser(1).emailKey }))).to.equal('taken');
    },
  },
  {
    name: 'the deletion of an account',
    commands: ['update', 'findAndModify', 'delete', 'insert', 'commitTransaction'],
    prepare: async ({ users, sessions, apiKeys }) => {
      await users.add(aUser(1));
      await sessions.begin(aSession(1), 'r1');
      await apiKeys.add(aKey(1), 9);
    },
    act: ({ users }) => {
      const deleted = { atMs: T0 + 5, username: 'gone', email: 'gone@invalid' };
      return users.change(user(1), { deleted }, { endSessionsAtMs: T0 + 5 }, told('deleted'));
    },
    outcome: 'changed',
    ends: [{ loginSessionId: aSession(1).id }, { apiKeyId: aKey(1).id }, { userId: user(1), closed: true }],
    acts: ['deleted'],
    check: async ({ users, sessions, apiKeys }) => {
      expect(await users.find(user(1))).to.include({ usernameKey: 'gone', deletedAtMs: T0 + 5 });
      expect(await sessions.isLive(aSession(1).id, T0 + 6)).to.equal(false);
      expect(await apiKeys.listLive(user(1), T0 + 6)).to.deep.equal([]);
      expect(await users.add(aUser(2, { usernameKey: 'gone' }))).to.equal('taken');
      expect(await users.add(aUser(3, { usernameKey: 'user1', emailKey: 'mail3' }))).to.equal('added');
    },
  },
  {
    name: 'a change of a password by a cookie login',
    commands: ['update', 'findAndModify', 'insert', 'commitTransaction'],
    prepare: async ({ users, sessions }) => {
      await users.add(aUser(1, { passwordHash: 'old' }));
      await sessions.beginCookie(aCookieSession(11), 'c11');
    },
    act: ({ users }) =>
      users.change(
        user(1),
        { passwordHash: 'new', replacesHash: 'old' },
        {
          endSessionsAtMs: T0 + 5,
          replaceSession: { id: aCookieSession(11).id, by: aCookieSession(12).id, cookieSha256: 'c12' },
        },
        told('changed'),
      ),
    outcome: 'changed',
    ends: [{ loginSessionId: aCookieSession(11).id }, { userId: user(1) }],
    acts: ['changed'],
    check: async ({ users, sessions }) => {
      expect(await users.find(user(1))).to.deep.equal(aUser(1, { passwordHash: 'new' }));
      expect(await sessions.listLive(user(1), T0 + 6, 9)).to.deep.equal([aCookieSession(12)]);
    },
  },
  {
    name: 'a beginning login that replaces another',
    commands: ['update', 'insert', 'findAndModify', 'commitTransaction'],
    prepare: ({ sessions }) => sessions.beginCookie(aCookieSession(11), 'c11'),
    act: ({ sessions }) =>
      sessions.beginCookie(
        aCookieSession(12, { createdAtMs: T0 + 5 }),
        'c12',
        { cookieSha256: 'c11', audit: told('replaced') },
        told('begun'),
      ),
    outcome: aCookieSession(11, { endedAtMs: T0 + 5 }),
    ends: [{ loginSessionId: aCookieSession(11).id }],
    acts: ['begun', 'replaced'],
    check: async ({ sessions }) => {
      const live = await sessions.listLive(user(1), T0 + 6, 9);
      expect(live).to.deep.equal([aCookieSession(12, { createdAtMs: T0 + 5 })]);
    },
  },
  {
    name: 'a beginning login',
    commands: ['update', 'insert', 'commitTransaction'],
    act: ({ sessions }) => sessions.begin(aSession(1), 'r1', told('begun')),
    outcome: undefined,
    acts: ['begun'],
    check: async ({ sessions }) => {
      expect(await sessions.rotate('r1', 'r2', T0 + 6)).to.include({ kind: 'rotated' });
    },
  },
  {
    name: 'the exchange of a refresh token',
    commands: ['insert', 'findAndModify'],
    prepare: ({ sessions }) => sessions.begin(aSession(1), 'r1'),
    act: ({ sessions }) => sessions.rotate('r1', 'r2', T0 + 5, told('reused')),
    outcome: { kind: 'rotated', session: aSession(1, { lastUsedAtMs: T0 + 5 }) },
    check: async ({ sessions }) => {
      expect(await sessions.rotate('r2', 'r3', T0 + 6)).to.include({ kind: 'rotated' });
      expect(await sessions.rotate('r2', 'r4', T0 + 7)).to.include({ kind: 'reused' });
    },
  },
  {
    name: 'the end of a family whose token came back',
    commands: ['findAndModify', 'insert', 'commitTransaction'],
    prepare: async ({ sessions }) => {
      await sessions.begin(aSession(1), 'r1');
      await sessions.rotate('r1', 'r2', T0 + 5);
    },
    act: async ({ sessions }) => (await sessions.rotate('r1', 'r3', T0 + 6, told('reused'))).kind,
    outcome: 'reused',
    ends: [{ loginSessionId: aSession(1).id }],
    acts: ['reused'],
    check: async ({ sessions }) => {
      expect(await sessions.rotate('r2', 'r4', T0 + 7)).to.deep.equal({ kind: 'unknown' });
    },
  },
  {
    ...anEnd,
    name: 'the end of a login by its token',
    act: ({ sessions }) => sessions.endByToken('r1', T0 + 5, told('ended')),
    outcome: aSession(1, { endedAtMs: T0 + 5 }),
  },
  {
    ...anEnd,
    name: 'the end of a login',
    act: ({ sessions }) => sessions.end(aSession(1).id, T0 + 5, told('ended')),
    outcome: undefined,
  },
  {
    ...anEnd,
    name: 'the end of one of his own logins',
    act: ({ sessions }) => sessions.endOneOf(user(1), aSession(1).id, T0 + 5, told('ended')),
    outcome: true,
  },
  {
    name: 'ends of several logins at once',
    commands: ['findAndModify', 'insert', 'update', 'commitTransaction'],
    prepare: ({ sessions }) =>
      Promise.all(SEVERAL.map((number) => sessions.begin(aSession(number), `r${number}`))),
    act: async ({ sessions }) => {
      // A read is repeated once, and others break connections too: what is refused is asked for again.
      const end = (number: number) =>
        insist(() => sessions.endOneOf(user(1), aSession(number).id, T0 + 5, told('ended')));
      return (await Promise.all([...SEVERAL, ...SEVERAL].map(end))).filter(Boolean).length;
    },
    outcome: SEVERAL.length,
    ends: SEVERAL.map((number) => ({ loginSessionId: aSession(number).id })),
    inAnyOrder: true,
    acts: SEVERAL.map(() => 'ended'),
    check: async ({ sessions }) => {
      expect(await sessions.listLive(user(1), T0 + 6, 9)).to.deep.equal([]);
    },
  },
  {
    name: 'the end of all logins',
    commands: ['update', 'findAndModify', 'insert', 'commitTransaction'],
    prepare: ({ sessions }) => sessions.begin(aSession(1), 'r1'),
    act: ({ sessions }) => sessions.endAllOf(user(1), T0 + 5, undefined, told('ended all')),
    outcome: [aSession(1).id],
    ends: [{ loginSessionId: aSession(1).id }],
    acts: ['ended all'],
    check: async ({ sessions }) => {
      expect(await sessions.listLive(user(1), T0 + 6, 9)).to.deep.equal([]);
    },
  },
  {
    name: 'the end of no login',
    commands: ['update', 'insert', 'commitTransaction'],
    act: ({ sessions }) => sessions.endAllOf(user(1), T0 + 5, undefined, told('ended all')),
    outcome: [],
    acts: ['ended all'],
    check: async () => undefined,
  },
  {
    name: 'a use of a login',
    commands: ['update'],
    prepare: ({ sessions }) => sessions.beginCookie(aCookieSession(11), 'c11'),
    act: ({ sessions }) =>
      sessions.touch(aCookieSession(11).id, { nowMs: T0 + USE_INTERVAL_MS, idleMs: IDLE_MS }),
    outcome: true,
    check: async ({ sessions }) => {
      expect(await sessions.findByCookie('c11')).to.deep.equal(aCookieSession(11, used));
    },
  },
  {
    name: 'the making of a key',
    commands: ['update', 'insert', 'commitTransaction'],
    act: ({ apiKeys }) => apiKeys.add(aKey(1), 1, told('made')),
    outcome: 'added',
    acts: ['made'],
    check: async ({ apiKeys }) => {
      expect(await apiKeys.listLive(user(1), T0)).to.deep.equal([aKey(1)]);
    },
  },
  {
    name: 'a use of a key',
    commands: ['update'],
    prepare: ({ apiKeys }) => apiKeys.add(aKey(1), 1),
    act: ({ apiKeys }) => apiKeys.touch(aKey(1).id, T0 + 5),
    outcome: undefined,
    check: async ({ apiKeys }) => {
      expect(await apiKeys.find(aKey(1).id)).to.deep.equal({ ...aKey(1), lastUsedAtMs: T0 + 5 });
    },
  },
  {
    name: 'the end of a key',
    commands: ['findAndModify', 'insert', 'update', 'commitTransaction'],
    prepare: ({ apiKeys }) => apiKeys.add(aKey(1), 1),
    act: ({ apiKeys }) => apiKeys.revoke(aKey(1).id, T0 + 5, told('revoked')),
    outcome: 'revoked',
    ends: [{ apiKeyId: aKey(1).id }],
    acts: ['revoked'],
    check: async ({ apiKeys }) => {
      expect(await apiKeys.revoke(aKey(1).id, T0 + 6)).to.equal('not-live');
    },
  },
  {
    name: 'the end of all keys of a user',
    commands: ['update', 'findAndModify', 'insert', 'commitTransaction'],
    prepare: ({ apiKeys }) => apiKeys.add(aKey(1), 1),
    act: ({ apiKeys }) => apiKeys.revokeAllOf(user(1), T0 + 5),
    outcome: [aKey(1).id],
    ends: [{ apiKeyId: aKey(1).id }],
    check: async ({ apiKeys }) => {
      expect(await apiKeys.listLive(user(1), T0 + 6)).to.deep.equal([]);
    },
  },
  {
    name: 'the making of a ticket',
    commands: ['update', 'insert', 'commitTransaction'],
    act: ({ tickets }) => tickets.add(aTicket(1), atOnce),
    outcome: 'added',
    check: async ({ tickets }) => {
      expect(await tickets.add(aTicket(2), atOnce)).to.equal('limit-reached');
      expect(await tickets.take('ticket-1', T0)).to.deep.equal(aTicket(1));
    },
  },
  {
    name: 'the making of several tickets at once, one more than there may be',
    commands: ['update', 'insert', 'commitTransaction'],
    act: async ({ tickets }) => {
      const adds = SEVERAL.map((number) => tickets.add(aTicket(number), { ofUser: 5, inAll: 5 }));
      return (await Promise.all(adds)).toSorted();
    },
    outcome: [...SEVERAL.slice(1).map(() => 'added'), 'limit-reached'],
    check: async ({ tickets }) => {
      const taken = await Promise.all(SEVERAL.map((number) => tickets.take(`ticket-${number}`, T0)));
      expect(taken.filter((ticket) => ticket !== undefined)).to.have.length(SEVERAL.length - 1);
    },
  },
  {
    name: 'the use of a ticket',
    commands: ['findAndModify'],
    prepare: ({ tickets }) => tickets.add(aTicket(1), atOnce),
    act: ({ tickets }) => tickets.take('ticket-1', T0),
    outcome: aTicket(1),
    check: async ({ tickets }) => {
      expect(await tickets.take('ticket-1', T0)).to.equal(undefined);
    },
  },
  {
    name: 'the first signing key',
    commands: ['insert'],
    act: ({ signingKeys }) => signingKeys.addFirst(first),
    outcome: first,
    check: async ({ signingKeys }) => {
      expect(await signingKeys.list()).to.deep.equal([first]);
    },
  },
];

describe('the identity stores of a fleet, whose connection breaks', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  let decide: (command: PassingCommand) => Cut;
  let proxy: MongoProxy;
  let store: MongoStore;
  /** What writes through the connection that breaks, and what looks at it through another one. */
  let near: IdentityStore;
  let far: IdentityStore;
  before(async () => {
    temporary = await temporaryMongo();
    await temporary.client.db().createCollection('acts');
    proxy = new MongoProxy(temporary.url, (command) => decide(command));
    decide = () => 'pass';
    store = await MongoStore.open(await proxy.listen());
  });
  after(async () => {
    await store.close();
    await proxy.close();
    await temporary.remove();
  });
  beforeEach(async () => {
    decide = () => 'pass';
    await temporary.clear();
    near = openIdentityStore(store, recordsIn(store));
    far = openIdentityStore(temporary.store, recordsIn(temporary.store));
  });

  const recordsIn =
    (one: MongoStore): RecordActs =>
    async (records, session) => {
      await one.collection('acts').insertMany(
        records.map(({ act }) => ({ act })),
        { session },
      );
    };

  /** Cuts so many of the next commands of a name. Returns how many were cut. */
  function cut(command: string, how: Cut, times: number): () => number {
    let done = 0;
    decide = ({ name }) => {
      if (name !== command || done >= times) return 'pass';
      done += 1;
      return how;
    };
    return () => done;
  }

  for (const write of WRITES) {
    for (const command of write.commands) {
      for (const where of ['before', 'after'] as const) {
        // The driver itself repeats a command once, and a commit is sent three times.
        const isAnswerOfCommit = command === 'commitTransaction' && where === 'after';
        for (const times of isAnswerOfCommit ? [1, 3, 6] : [1, 3]) {
          it(`carries out ${write.name} once when it breaks ${where} ${command}, ${times} ×`, async () => {
            await write.prepare?.(near);
            const done = cut(command, where, times);
            expect(await write.act(near)).to.deep.equal(write.outcome);
            expect(done()).to.be.at.least(1);
            decide = () => 'pass';
            const entries = await far.revocations.after(0, 100);
            const ended = entries === 'lost' ? [] : entries.map(({ end }) => end);
            if (write.inAnyOrder) expect(ended).to.have.deep.members([...(write.ends ?? [])]);
            else expect(ended).to.deep.equal(write.ends ?? []);
            const acts = await temporary.client.db().collection('acts').find().toArray();
            expect(acts.map(({ act }) => act)).to.deep.equal(write.acts ?? []);
            await write.check(far);
          });
        }
      }
    }
  }
});
