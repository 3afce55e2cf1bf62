import { expect } from 'chai';
import { LOGIN_SESSIONS } from '../../../../src/adapters/outbound/mongo/identity/identity-documents.ts';
import {
  type IdentityStore,
  openIdentityStore,
} from '../../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import type { Revocation } from '../../../../src/application/ports/identity/revocation-log.ts';
import { MAX_LIVE_LOGINS } from '../../../../src/domain/identity/login-session.ts';
import { type HammerOutcomes, hammer, type IdentityTask } from '../../../support/hammer.ts';
import { aKey, aSession, aTicket, aUser } from '../../../support/identity-builders.ts';
import { T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const PROCESSES = 3;
const TIMES = 20;
/** Numbers of one process's own things. */
const NUMBERS = 10_000;

describe('processes that race on the accounts, logins and keys of a fleet', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  let stores: IdentityStore;
  before(async () => {
    mongo = await temporaryMongo();
  });
  beforeEach(async () => {
    await mongo.clear();
    stores = openIdentityStore(mongo.store, async () => undefined);
  });
  after(() => mongo.remove());

  const raceAs = (
    kinds: ReadonlyArray<IdentityTask['kind']>,
    { times = TIMES, atMost = 0 } = {},
  ): Promise<HammerOutcomes> =>
    hammer<IdentityTask>(
      mongo.url,
      kinds.map((kind, index) => ({ kind, number: index + 1, times, atMost })),
      'hammer-identity',
    );
  const race = (kind: IdentityTask['kind'], settings: { times?: number; atMost?: number } = {}) =>
    raceAs(Array(PROCESSES).fill(kind), settings);
  const each = async (times: number, act: (number: number) => Promise<unknown>): Promise<void> => {
    await Promise.all(Array.from({ length: times }, (_, index) => act(index + 1)));
  };

  /** Reads the log while something goes on, as a node does. */
  async function followWhile<Out>(going: Promise<Out>): Promise<readonly [Out, readonly Revocation[]]> {
    const seen: Revocation[] = [];
    let done = false;
    const over = going.finally(() => {
      done = true;
    });
    for (let isLast = false; !isLast; ) {
      isLast = done;
      const entries = await stores.revocations.after(seen.at(-1)?.sequence ?? 0, 1_000);
      if (entries === 'lost') throw new Error('the reader is lost');
      seen.push(...entries);
    }
    return [await over, seen];
  }

  /** That a reader who followed saw each sequence once and in order, and no time go back. */
  function expectWhole(seen: readonly Revocation[]): void {
    expect(seen.map(({ sequence }) => sequence)).to.deep.equal(seen.map((_, index) => index + 1));
    const times = seen.map(({ atMs }) => atMs);
    expect(times).to.deep.equal(times.toSorted((left, right) => left - right));
    expect(new Set(seen.map(({ end }) => JSON.stringify(end))).size).to.equal(seen.length);
  }

  it('give each name to one account, and leave nothing of the others', async () => {
    const outcomes = await race('register');
    expect(outcomes).to.deep.equal({ added: TIMES, taken: (PROCESSES - 1) * TIMES });
    expect(await stores.users.count()).to.equal(TIMES);
    const names = await mongo.client.db().collection('user_names').countDocuments();
    expect(names).to.equal(2 * TIMES);
  });

  it('leave one admin when all of them are demoted at once', async () => {
    for (let number = 1; number <= PROCESSES; number += 1) {
      await each(4, (step) => stores.users.add(aUser(number * NUMBERS + step, { role: 'admin' })));
    }
    const outcomes = await race('demote', { times: 4 });
    expect(outcomes).to.deep.equal({ changed: 4 * PROCESSES - 1, 'last-admin': 1 });
  });

  it('exchange a refresh token once, and end its family once for whoever comes with it again', async () => {
    await each(TIMES, (number) =>
      stores.sessions.begin(aSession(number, { userId: user(number) }), `r${number}`),
    );
    const [outcomes, seen] = await followWhile(race('refresh'));
    expect(outcomes).to.deep.equal({ rotated: TIMES, reused: TIMES, unknown: (PROCESSES - 2) * TIMES });
    expect(seen).to.have.length(TIMES);
    expectWhole(seen);
    for (let number = 1; number <= TIMES; number += 1) {
      expect(await stores.sessions.isLive(aSession(number).id, T0 + 2)).to.equal(false);
    }
  });

  it('end a login once, whoever ends it, and whoever follows the log sees each end in order', async () => {
    await each(TIMES, (number) => stores.sessions.begin(aSession(number), `r${number}`));
    await each(TIMES, (number) =>
      stores.sessions.begin(aSession(100 + number, { userId: user(100 + number) }), `s${number}`),
    );
    await each(TIMES, (number) => stores.apiKeys.add(aKey(number), TIMES));
    const [outcomes, seen] = await followWhile(raceAs(['end', 'end', 'end-all', 'revoke-key', 'revoke-key']));
    expect(outcomes, JSON.stringify(outcomes)).to.have.property('done', TIMES);
    expect([outcomes.revoked, outcomes['not-live']]).to.deep.equal([TIMES, TIMES]);
    expect((outcomes.true ?? 0) + (outcomes.false ?? 0)).to.equal(2 * TIMES);
    expect(outcomes.true ?? 0).to.be.at.most(TIMES);
    // The logins of user 1 and his keys; those of the others nobody has ended.
    expect(seen).to.have.length(2 * TIMES);
    expectWhole(seen);
    expect(await stores.revocations.range()).to.deep.equal({ floor: 0, head: 2 * TIMES });
  });

  it('never have more logins of a user than there may be, and end the oldest', async () => {
    const before = MAX_LIVE_LOGINS - 5;
    const documents = Array.from({ length: before }, (_, index) => {
      const { id: _id, ...facts } = aSession(index + 1);
      return { _id, ...facts, open: true };
    });
    await mongo.client.db().collection<{ _id: string }>(LOGIN_SESSIONS).insertMany(documents);
    const [outcomes, seen] = await followWhile(race('begin', { times: 5 }));
    expect(outcomes).to.deep.equal({ begun: 5 * PROCESSES });
    const live = await stores.sessions.listLive(user(1), T0 + 2, 2 * MAX_LIVE_LOGINS);
    expect(live).to.have.length(MAX_LIVE_LOGINS);
    const begun = new Set(live.slice(0, 5 * PROCESSES).map(({ createdAtMs }) => createdAtMs));
    expect(begun.has(T0)).to.equal(false);
    expect(seen).to.have.length(5 * PROCESSES - 5);
    expectWhole(seen);
  });

  it('give no owner more keys than he may have', async () => {
    const outcomes = await race('add-key', { times: 5, atMost: 7 });
    expect(outcomes).to.deep.equal({ added: 7, 'limit-reached': 5 * PROCESSES - 7 });
    expect(await stores.apiKeys.listLive(user(1), T0)).to.have.length(7);
  });

  it('give no user more tickets than he may have, and give each ticket out once', async () => {
    expect(await race('add-ticket', { times: 5, atMost: 7 })).to.deep.equal({
      added: 7,
      'limit-reached': 5 * PROCESSES - 7,
    });
    await each(TIMES, (number) => stores.tickets.add(aTicket(number), { ofUser: 100, inAll: 100 }));
    expect(await race('take-ticket')).to.deep.equal({ true: TIMES, false: (PROCESSES - 1) * TIMES });
  });

  it('all sign with the one key that was stored first', async () => {
    const outcomes = await race('first-key', { times: 4 });
    expect(Object.values(outcomes)).to.deep.equal([4 * PROCESSES]);
    const [stored] = await stores.signingKeys.list();
    expect(Object.keys(outcomes)).to.deep.equal([stored?.kid]);
  });
});
