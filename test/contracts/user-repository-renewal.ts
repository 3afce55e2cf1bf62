import { expect } from 'chai';
import type { LoginSessionRepository } from '../../src/application/ports/identity/login-session-repository.ts';
import type { SessionsChange, UserRepository } from '../../src/application/ports/identity/user-repository.ts';
import { aCookieSession, aSession, aUser } from '../support/identity-builders.ts';
import { T0, user } from '../support/ledger-builders.ts';

const renewal = (number: number): SessionsChange => ({
  endSessionsAtMs: T0 + 5,
  replaceSession: {
    id: aCookieSession(11).id,
    by: aCookieSession(number).id,
    cookieSha256: `c${number}`,
  },
});

/** What every `UserRepository` does with the cookie session of whoever changes his own privileges. */
export function describeRenewal(
  subject: () => { readonly users: UserRepository; readonly sessions: LoginSessionRepository },
): void {
  beforeEach(async () => {
    const { users, sessions } = subject();
    await users.add(aUser(1, { passwordHash: 'first' }));
    await sessions.begin(aSession(1), 'r1');
    await sessions.beginCookie(aCookieSession(11), 'c11');
  });

  it('lets a session go on under another id and secret, and ends it with all others', async () => {
    const { users, sessions } = subject();
    expect(await users.change(user(1), { passwordHash: 'second' }, renewal(12))).to.equal('changed');
    expect(await sessions.findByCookie('c12')).to.deep.equal(aCookieSession(12));
    expect(await sessions.findByCookie('c11')).to.deep.include({ endedAtMs: T0 + 5 });
    const live = await sessions.listLive(user(1), T0 + 6, 9);
    expect(live.map((session) => session.id)).to.deep.equal([aCookieSession(12).id]);
  });

  it('changes nothing when the session has ended by then', async () => {
    const { users, sessions } = subject();
    await sessions.end(aCookieSession(11).id, T0 + 1);
    expect(await users.change(user(1), { passwordHash: 'second' }, renewal(12))).to.equal('session-ended');
    expect(await users.find(user(1))).to.include({ passwordHash: 'first' });
    expect(await sessions.findByCookie('c12')).to.equal(undefined);
    expect(await sessions.isLive(aSession(1).id, T0 + 6)).to.equal(true);
  });

  it('renews a session for one of two racing changes', async () => {
    const { users, sessions } = subject();
    const outcomes = await Promise.all([
      users.change(user(1), { passwordHash: 'second' }, renewal(12)),
      users.change(user(1), { passwordHash: 'third' }, renewal(13)),
    ]);
    expect(outcomes).to.deep.equal(['changed', 'session-ended']);
    expect(await users.find(user(1))).to.include({ passwordHash: 'second' });
    expect(await sessions.findByCookie('c13')).to.equal(undefined);
  });
}
