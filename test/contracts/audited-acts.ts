import { expect } from 'chai';
import type { ReservationLedger } from '../../src/application/ports/accounting/reservation-ledger.ts';
import type { AuditLog } from '../../src/application/ports/audit-log.ts';
import type { ApiKeyRepository } from '../../src/application/ports/identity/api-key-repository.ts';
import type { LoginSessionRepository } from '../../src/application/ports/identity/login-session-repository.ts';
import type { UserRepository } from '../../src/application/ports/identity/user-repository.ts';
import type { ChatRepository } from '../../src/application/ports/streaming/chat-repository.ts';
import { CHAIN_START } from '../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../src/domain/audit/audit-record.ts';
import type { ApiKey } from '../../src/domain/identity/api-key.ts';
import type { ApiKeyId } from '../../src/domain/identity/ids.ts';
import type { ChatId } from '../../src/domain/streaming/stream-id.ts';
import { aSession, aUser } from '../support/identity-builders.ts';
import { act, aGrant, credits, DAY_MS, T0, user } from '../support/ledger-builders.ts';

/** An audit log, and how to put it away with the stores that share it. */
interface Audited {
  readonly log: AuditLog;
  close(): Promise<void>;
}

/** The stores of accounts in one process, which share an audit log. */
export interface AuditedAccounts extends Audited {
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly apiKeys: ApiKeyRepository;
}

/** The stores of credit and chats in one process, which share an audit log. */
export interface AuditedUse extends Audited {
  readonly ledger: ReservationLedger;
  readonly chats: ChatRepository;
}

const told = (name: string): AuditRecord[] => [{ act: name, outcome: 'done' }];
const aKey = (number: number): ApiKey => ({
  id: `key-${number}` as ApiKeyId,
  sha256: `hash-${number}`,
  name: 'a key',
  scopes: ['chat'],
  ownerId: user(1),
  createdAtMs: T0,
});

async function recordedIn({ log }: Audited): Promise<AuditRecord[]> {
  const entries = await log.read({ afterCursor: 0, limit: 100 });
  return entries.map(({ text }) => auditRecordFrom(text)).filter(({ act: name }) => name !== CHAIN_START);
}

/** That a record is in the audit log if and only if the act on an account that it tells of is done. */
export function describeAuditedAccounts(name: string, create: () => Promise<AuditedAccounts>): void {
  describe(`what is audited of accounts in ${name}`, () => {
    let stores: AuditedAccounts;
    beforeEach(async () => {
      stores = await create();
      await stores.users.add(aUser(1, { role: 'admin' }));
    });
    afterEach(() => stores.close());

    const recorded = (): Promise<AuditRecord[]> => recordedIn(stores);
    const acts = async (): Promise<string[]> => (await recorded()).map(({ act: name }) => name);

    it('is an account that was added, and none whose names are taken', async () => {
      await stores.users.add(aUser(2), told('added'));
      await stores.users.add(aUser(3, { usernameKey: 'user2' }), told('taken'));
      expect(await acts()).to.deep.equal(['added']);
    });

    it('is a change of an account, all of it or nothing', async () => {
      const { users } = stores;
      await users.add(aUser(2));
      const change = { role: 'supervisor', passwordHash: 'new' } as const;
      const both = [...told('role'), ...told('password')];
      expect(await users.change(user(2), change, undefined, both)).to.equal('changed');
      expect(await users.change(user(9), { isVerified: true }, undefined, told('nobody'))).to.equal(
        'not-found',
      );
      const outdated = { passwordHash: 'x', replacesHash: 'old' };
      expect(await users.change(user(2), outdated, undefined, told('late'))).to.equal('outdated');
      expect(await users.change(user(1), { role: 'user' }, undefined, told('last'))).to.equal('last-admin');
      expect(await acts()).to.deep.equal(['role', 'password']);
    });

    it('is a login that begins, and the end of a live one, told with whose it is', async () => {
      const { sessions } = stores;
      for (const number of [1, 2, 3]) {
        await sessions.begin(aSession(number), `r${number}`, told(`begun ${number}`));
      }
      await sessions.end(aSession(1).id, T0 + 1, told('ended'));
      await sessions.end(aSession(1).id, T0 + 2, told('again'));
      await sessions.endByToken('r2', T0 + 3, told('logged out'));
      await sessions.endByToken('r2', T0 + 4, told('again'));
      await sessions.endByToken('r9', T0 + 4, told('nothing'));
      await sessions.end(aSession(3).id, T0 + 7 * DAY_MS, told('long over'));
      expect(await acts()).to.deep.equal(['begun 1', 'begun 2', 'begun 3', 'ended', 'logged out']);
      expect((await recorded()).slice(3)).to.deep.equal([
        { act: 'ended', outcome: 'done', actor: user(1), object: aSession(1).id },
        { act: 'logged out', outcome: 'done', actor: user(1), object: aSession(2).id },
      ]);
    });

    it('is a spent refresh token that came back, and no exchange', async () => {
      const { sessions } = stores;
      await sessions.begin(aSession(1), 'r1');
      await sessions.rotate('r1', 'r2', T0 + 1, told('reused'));
      await sessions.rotate('r0', 'r3', T0 + 2, told('unknown'));
      expect(await acts()).to.deep.equal([]);
      await sessions.rotate('r1', 'r4', T0 + 3, told('reused'));
      await sessions.rotate('r1', 'r5', T0 + 4, told('again'));
      expect(await recorded()).to.deep.equal([
        { act: 'reused', outcome: 'done', actor: user(1), object: aSession(1).id },
      ]);
    });

    it('is the end of all logins, with how many there were', async () => {
      const { sessions } = stores;
      for (const number of [1, 2]) await sessions.begin(aSession(number), `r${number}`);
      await sessions.endAllOf(user(1), T0 + 1, undefined, told('everywhere'));
      await sessions.endAllOf(user(1), T0 + 2, undefined, told('everywhere'));
      expect((await recorded()).map(({ facts }) => facts)).to.deep.equal([{ ended: 2 }, { ended: 0 }]);
    });

    it('is a key that was made or revoked, and none beyond the limit or that has ended', async () => {
      const { apiKeys } = stores;
      await apiKeys.add(aKey(1), 1, told('made'));
      await apiKeys.add(aKey(2), 1, told('one too many'));
      await apiKeys.revoke(aKey(1).id, T0 + 1, told('revoked'));
      await apiKeys.revoke(aKey(1).id, T0 + 2, told('again'));
      expect(await acts()).to.deep.equal(['made', 'revoked']);
    });
  });
}

/** That a record is in the audit log if and only if the act on credit or a chat that it tells of is done. */
export function describeAuditedUse(name: string, create: () => Promise<AuditedUse>): void {
  describe(`what is audited of credit and chats in ${name}`, () => {
    let stores: AuditedUse;
    beforeEach(async () => {
      stores = await create();
    });
    afterEach(() => stores.close());

    const recorded = (): Promise<AuditRecord[]> => recordedIn(stores);

    it('is credit that was given or moved, once, with what it came to', async () => {
      const { ledger } = stores;
      const audited = (name: string) => ({ ...act(), audit: told(name) });
      const given = aGrant({ amountMicros: credits(10) });
      await ledger.grant(user(1), given, audited('given'));
      await ledger.grant(user(1), given, audited('again'));
      const change = { id: 'a1', target: { by: -credits(4) }, expiresAtMs: T0 + DAY_MS };
      await ledger.adjust(user(1), change, audited('moved'));
      await ledger.adjust(user(1), change, audited('again'));
      const spend = { id: 's1', amountMicros: credits(99), service: 'printing' };
      await ledger.deduct(user(1), spend, audited('too much')).catch(() => undefined);
      expect(await recorded()).to.deep.equal([
        { act: 'given', outcome: 'done' },
        {
          act: 'moved',
          outcome: 'done',
          facts: { previousMicros: credits(10), newMicros: credits(6) },
        },
      ]);
    });

    it('is a chat that was removed, by its owner alone', async () => {
      const { chats } = stores;
      const id = 'chat-1' as ChatId;
      const chat = { id, owner: user(1), title: 'A chat', modelId: 'handbook' };
      await chats.add({ ...chat, createdAtMs: T0, updatedAtMs: T0 }, undefined, 10);
      await chats.remove(user(2), id, told('not his'));
      await chats.remove(user(1), id, told('removed'));
      await chats.remove(user(1), id, told('again'));
      expect(await recorded()).to.deep.equal(told('removed'));
    });
  });
}
