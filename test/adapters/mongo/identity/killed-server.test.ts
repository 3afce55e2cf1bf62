import { expect } from 'chai';
import { startMongodb } from '../../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../../scripts/services/own-server.ts';
import {
  type IdentityStore,
  openIdentityStore,
} from '../../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import type { LoginSessionId } from '../../../../src/domain/identity/ids.ts';
import { eventually } from '../../../support/eventually.ts';
import { aSession, aUser } from '../../../support/identity-builders.ts';
import { insist } from '../../../support/insist.ts';
import { T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const PEOPLE = 20;
const LOGINS = 6;
const REFRESHES = 3;
const KILLS = 3;

describe('accounts and logins whose server is killed and started over', function () {
  this.timeout(180_000);
  let server: OwnServer;
  let mongo: TemporaryMongo;
  let stores: IdentityStore;
  before(async () => {
    server = await startMongodb();
    mongo = await temporaryMongo(server.url);
    stores = openIdentityStore(mongo.store, async () => undefined);
  });
  after(async () => {
    await mongo.remove();
    await server.stop();
  });

  it('lose nothing that was acknowledged: names, logins, exchanges, and ends in one order without a gap', async () => {
    const { users, sessions, revocations } = stores;
    const ended = new Set<LoginSessionId>();
    const live = new Map<LoginSessionId, string>();
    let done = 0;
    const goOn = async (person: number): Promise<void> => {
      // A repeat of what was stored meets itself: the names are its own.
      await insist(() => users.add(aUser(person)));
      done += 1;
      for (let login = 1; login <= LOGINS; login += 1) {
        const session = aSession(person * 100 + login, { userId: user(person) });
        await insist(() => beginOnce(session.id, () => sessions.begin(session, `${session.id}/0`)));
        let token = `${session.id}/0`;
        for (let next = 1; next <= REFRESHES; next += 1) {
          const successor = `${session.id}/${next}`;
          const spent = token;
          const { kind } = await insist(() => sessions.rotate(spent, successor, T0 + next));
          expect(kind).to.equal('rotated');
          token = successor;
          done += 1;
        }
        if (login % 2 === 0) {
          live.set(session.id, token);
          continue;
        }
        await insist(() => sessions.end(session.id, T0 + 9));
        ended.add(session.id);
        done += 1;
      }
    };
    const beginOnce = async (id: LoginSessionId, begin: () => Promise<void>): Promise<void> => {
      if (!(await sessions.isLive(id, T0))) await begin();
    };
    const all = Promise.all(Array.from({ length: PEOPLE }, (_, index) => goOn(index + 1)));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const from = done;
      await eventually(async () => expect(done).to.be.at.least(from + PEOPLE), 60_000);
      await server.kill();
      await server.restart();
    }
    await all;
    expect(await users.count()).to.equal(PEOPLE);
    const entries = await insist(() => revocations.after(0, 10_000));
    if (entries === 'lost') throw new Error('lost');
    expect(entries.map(({ sequence }) => sequence)).to.deep.equal(entries.map((_, index) => index + 1));
    expect(entries.map(({ end }) => end)).to.have.deep.members(
      [...ended].map((loginSessionId) => ({ loginSessionId })),
    );
    for (const [id, token] of live) {
      expect(await sessions.isLive(id, T0 + 10)).to.equal(true);
      expect(await sessions.rotate(token, `${token}/last`, T0 + 11)).to.include({ kind: 'rotated' });
    }
  });
});
