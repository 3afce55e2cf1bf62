import { expect } from 'chai';
import { MemoryApiKeyRepository } from '../../../src/adapters/outbound/memory/identity/memory-api-key-repository.ts';
import { MemoryLoginSessionRepository } from '../../../src/adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemoryRevocationLog } from '../../../src/adapters/outbound/memory/identity/memory-revocation-log.ts';
import { MemoryUserRepository } from '../../../src/adapters/outbound/memory/identity/memory-user-repository.ts';
import { EndedLogins } from '../../../src/application/identity/ended-logins.ts';
import type { ApiKeyRepository } from '../../../src/application/ports/identity/api-key-repository.ts';
import type { LoginEnd } from '../../../src/application/ports/identity/login-ends.ts';
import type { LoginSessionRepository } from '../../../src/application/ports/identity/login-session-repository.ts';
import type { UserRepository } from '../../../src/application/ports/identity/user-repository.ts';
import { describeApiKeyRepository } from '../../contracts/api-key-repository.ts';
import { describeLoginSessionRepository } from '../../contracts/login-session-repository.ts';
import { describeUserRepository } from '../../contracts/user-repository.ts';
import { aKey, aSession, aUser } from '../../support/identity-builders.ts';
import { T0, user } from '../../support/ledger-builders.ts';

function watched(): {
  readonly ends: EndedLogins;
  readonly sessions: LoginSessionRepository;
  readonly users: UserRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly revocations: MemoryRevocationLog;
} {
  const ends = new EndedLogins();
  const revocations = new MemoryRevocationLog();
  const sessions = new MemoryLoginSessionRepository(revocations);
  const apiKeys = new MemoryApiKeyRepository(revocations);
  const users = new MemoryUserRepository(sessions, apiKeys, revocations);
  return {
    ends,
    sessions: ends.ofSessions(sessions),
    users: ends.ofUsers(users),
    apiKeys: ends.ofApiKeys(apiKeys),
    revocations,
  };
}

const close = async (): Promise<void> => undefined;

describeLoginSessionRepository('A watched LoginSessionRepository', async () => ({ ...watched(), close }));
describeApiKeyRepository('A watched ApiKeyRepository', async () => ({ ...watched(), close }));
describeUserRepository('A watched UserRepository', async () => ({ ...watched(), close }));

describe('the ends of logins', () => {
  let told: LoginEnd[];
  let world: ReturnType<typeof watched>;
  beforeEach(async () => {
    world = watched();
    told = [];
    await world.users.add(aUser(1));
    await world.sessions.begin(aSession(1), 'r1');
    await world.apiKeys.add(aKey(1), 9);
    world.ends.subscribe((end) => told.push(end));
  });

  const one = { loginSessionId: aSession(1).id };
  const all = { userId: user(1) };
  const acts: ReadonlyArray<readonly [string, () => Promise<unknown>, readonly LoginEnd[]]> = [
    ['a session that is ended', () => world.sessions.end(aSession(1).id, T0), [one]],
    ['a session that is ended by its token', () => world.sessions.endByToken('r1', T0), [one]],
    ['all sessions of a user', () => world.sessions.endAllOf(user(1), T0), [all]],
    [
      'a family whose token was used again',
      async () => {
        await world.sessions.rotate('r1', 'r2', T0);
        await world.sessions.rotate('r1', 'r3', T0);
      },
      [one],
    ],
    ['a changed account', () => world.users.change(user(1), { isVerified: true }), [all]],
    [
      'an account that is disabled',
      () => world.users.change(user(1), { disabledAtMs: T0 }),
      [{ ...all, closed: true }],
    ],
    ['an account that is open again', () => world.users.change(user(1), { disabledAtMs: null }), [all]],
    ['a revoked key', () => world.apiKeys.revoke(aKey(1).id, T0), [{ apiKeyId: aKey(1).id }]],
    ['all keys of a user', () => world.apiKeys.revokeAllOf(user(1), T0), [all]],
    ['no key that is not there', () => world.apiKeys.revoke(aKey(9).id, T0), []],
    ['no used key', () => world.apiKeys.touch(aKey(1).id, T0), []],
    ['no session by an unknown token', () => world.sessions.endByToken('r9', T0), []],
    ['no account that is not there', () => world.users.change(user(9), { isVerified: true }), []],
    ['no refreshed session', () => world.sessions.rotate('r1', 'r2', T0), []],
  ];
  for (const [what, act, expected] of acts) {
    it(`tell of ${what}`, async () => {
      await act();
      expect(told).to.deep.equal(expected);
    });
  }

  it('are told until the listener has gone', async () => {
    const heard: LoginEnd[] = [];
    const leave = world.ends.subscribe((end) => heard.push(end));
    leave();
    await world.sessions.end(aSession(1).id, T0);
    expect([heard, told]).to.deep.equal([[], [one]]);
  });
});
