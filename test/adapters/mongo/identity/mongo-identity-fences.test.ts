import { expect } from 'chai';
import { exchangeToken } from '../../../../src/adapters/outbound/mongo/identity/exchange-token.ts';
import { identityCollections } from '../../../../src/adapters/outbound/mongo/identity/identity-collections.ts';
import {
  type IdentityStore,
  openIdentityStore,
} from '../../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
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
import { T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import { pausedStore } from '../../../support/paused-store.ts';

const told: AuditRecord[] = [{ act: 'late', outcome: 'done' }];

/** What a node was about to write when it was paused, and what another node has done meanwhile. */
interface LateWrite {
  readonly name: string;
  readonly prepare: (stores: IdentityStore) => Promise<unknown>;
  readonly meanwhile: (stores: IdentityStore) => Promise<unknown>;
  readonly late: (stores: IdentityStore) => Promise<unknown>;
  readonly outcome: unknown;
}

const begun = ({ sessions }: IdentityStore): Promise<unknown> => sessions.begin(aSession(1), 'r1');
const ended = ({ sessions }: IdentityStore): Promise<unknown> => sessions.end(aSession(1).id, T0 + 1);

const LATE: readonly LateWrite[] = [
  {
    name: 'an end',
    prepare: begun,
    meanwhile: ended,
    late: ({ sessions }) => sessions.end(aSession(1).id, T0 + 2, told),
    outcome: undefined,
  },
  {
    name: 'an end of one of his own',
    prepare: begun,
    meanwhile: ended,
    late: ({ sessions }) => sessions.endOneOf(user(1), aSession(1).id, T0 + 2, told),
    outcome: false,
  },
  {
    name: 'an end by a token',
    prepare: begun,
    meanwhile: ended,
    late: ({ sessions }) => sessions.endByToken('r1', T0 + 2, told),
    outcome: aSession(1, { endedAtMs: T0 + 1 }),
  },
  {
    name: 'an exchange of a token',
    prepare: begun,
    meanwhile: ended,
    late: ({ sessions }) => sessions.rotate('r1', 'r2', T0 + 2, told),
    outcome: { kind: 'unknown' },
  },
  {
    name: 'a use',
    prepare: ({ sessions }) => sessions.beginCookie(aCookieSession(1), 'c1'),
    meanwhile: ended,
    late: ({ sessions }) => sessions.touch(aSession(1).id, { nowMs: T0 + USE_INTERVAL_MS, idleMs: IDLE_MS }),
    outcome: false,
  },
  {
    name: 'the end of a key',
    prepare: ({ apiKeys }) => apiKeys.add(aKey(1), 9),
    meanwhile: ({ apiKeys }) => apiKeys.revoke(aKey(1).id, T0 + 1),
    late: ({ apiKeys }) => apiKeys.revoke(aKey(1).id, T0 + 2, told),
    outcome: 'not-live',
  },
  {
    name: 'a use of a key',
    prepare: ({ apiKeys }) => apiKeys.add(aKey(1), 9),
    meanwhile: ({ apiKeys }) => apiKeys.revoke(aKey(1).id, T0 + 1),
    late: ({ apiKeys }) => apiKeys.touch(aKey(1).id, T0 + 2),
    outcome: undefined,
  },
  {
    name: 'the last key of an owner',
    prepare: async () => undefined,
    meanwhile: ({ apiKeys }) => apiKeys.add(aKey(1), 1),
    late: ({ apiKeys }) => apiKeys.add(aKey(2), 1, told),
    outcome: 'limit-reached',
  },
  {
    name: 'the use of a ticket',
    prepare: ({ tickets }) => tickets.add(aTicket(1), { ofUser: 1, inAll: 1 }),
    meanwhile: ({ tickets }) => tickets.take('ticket-1', T0),
    late: ({ tickets }) => tickets.take('ticket-1', T0),
    outcome: undefined,
  },
  {
    name: 'the last ticket of a user',
    prepare: async () => undefined,
    meanwhile: ({ tickets }) => tickets.add(aTicket(1), { ofUser: 1, inAll: 9 }),
    late: ({ tickets }) => tickets.add(aTicket(2), { ofUser: 1, inAll: 9 }),
    outcome: 'limit-reached',
  },
  {
    name: 'an account of a name',
    prepare: async () => undefined,
    meanwhile: ({ users }) => users.add(aUser(1)),
    late: ({ users }) => users.add(aUser(2, { emailKey: aUser(1).emailKey }), told),
    outcome: 'taken',
  },
  {
    name: 'the demotion of the other admin',
    prepare: async ({ users }) => {
      for (const number of [1, 2]) await users.add(aUser(number, { role: 'admin' }));
    },
    meanwhile: ({ users }) => users.change(user(1), { role: 'user' }),
    late: ({ users }) => users.change(user(2), { role: 'user' }, { endSessionsAtMs: T0 }, told),
    outcome: 'last-admin',
  },
  {
    name: 'a password',
    prepare: ({ users }) => users.add(aUser(1, { passwordHash: 'first' })),
    meanwhile: ({ users }) => users.change(user(1), { passwordHash: 'second' }),
    late: ({ users }) =>
      users.change(user(1), { passwordHash: 'third', replacesHash: 'first' }, { endSessionsAtMs: T0 }, told),
    outcome: 'outdated',
  },
  {
    name: 'a first signing key',
    prepare: async () => undefined,
    meanwhile: ({ signingKeys }) => signingKeys.addFirst(signingKey('a')),
    late: ({ signingKeys }) => signingKeys.addFirst(signingKey('b')),
    outcome: signingKey('a'),
  },
];

function signingKey(kid: string) {
  return { kid, algorithm: 'EdDSA', privateJwk: '{}', createdAtMs: T0 } as const;
}

describe('the identity stores of two nodes', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  let second: MongoStore;
  /** The node that goes on. */
  let other: IdentityStore;
  before(async () => {
    temporary = await temporaryMongo();
    second = await MongoStore.open(temporary.url);
    await temporary.client.db().createCollection('acts');
  });
  after(async () => {
    await second.close();
    await temporary.remove();
  });
  beforeEach(async () => {
    await temporary.clear();
    other = openStore(second);
  });

  const openStore = (store: MongoStore): IdentityStore =>
    openIdentityStore(store, async (records, session) => {
      await second.collection('acts').insertMany(
        records.map(({ act }) => ({ act })),
        { session },
      );
    });

  /** Everything that is stored, whatever it is. */
  async function everything(): Promise<unknown> {
    const collections = await temporary.client.db().collections();
    const stored = collections.map(async (one) => [
      one.collectionName,
      await one.find({}, { sort: { _id: 1 } }).toArray(),
    ]);
    return Object.fromEntries(await Promise.all(stored));
  }

  for (const { name, prepare, meanwhile, late, outcome } of LATE) {
    it(`take ${name} from no node that was paused before it wrote`, async () => {
      await prepare(other);
      const paused = pausedStore(second);
      const going = late(openStore(paused.store));
      await paused.reached;
      await meanwhile(other);
      const before = await everything();
      paused.goOn();
      expect(await going).to.deep.equal(outcome);
      expect(await everything()).to.deep.equal(before);
    });
  }

  it('end a family whose token a paused node exchanges after another has', async () => {
    await begun(other);
    const { sessions, tokens } = identityCollections(second);
    const exchange = { spentSha256: 'r1', nextSha256: 'r3', nowMs: T0 + 1 };
    // Between its look at the family and its write the other node exchanges the same token.
    const insertMany: typeof tokens.insertMany = async (...args) => {
      expect(await other.sessions.rotate('r1', 'r2', T0 + 1)).to.include({ kind: 'rotated' });
      return tokens.insertMany(...args);
    };
    const pausing = Object.assign(Object.create(tokens), { insertMany });
    expect(await exchangeToken({ sessions, tokens: pausing }, exchange)).to.include({ kind: 'spent' });
    // What it was about to hand out opens nothing, and is missed like any other that is not the family's last.
    expect(await other.sessions.rotate('r3', 'r4', T0 + 2)).to.include({ kind: 'reused' });
    expect(await other.sessions.isLive(aSession(1).id, T0 + 3)).to.equal(false);
  });
});
