import { expect } from 'chai';
import type { LoginSessionRepository } from '../../src/application/ports/identity/login-session-repository.ts';
import { MAX_LIVE_LOGINS, USE_INTERVAL_MS } from '../../src/domain/identity/login-session.ts';
import { aCookieSession, aSession, IDLE_MS } from '../support/identity-builders.ts';
import { DAY_MS, T0, user } from '../support/ledger-builders.ts';

const { id } = aCookieSession(11);
/** Logins of one person that begin at once: a store lets them wait for each other, and none of them for long. */
const AT_ONCE = 10;

/** What every `LoginSessionRepository` does with sessions of cookies; session 1 is a bearer's and is there already. */
export function describeCookieSessions(sessions: () => LoginSessionRepository): void {
  it('finds a session by its cookie, whole as it began, and by no other', async () => {
    const session = aCookieSession(11, { userAgent: 'a browser', address: '127.0.0.1' });
    expect(await sessions().beginCookie(session, 'c11')).to.equal(undefined);
    expect(await sessions().findByCookie('c11')).to.deep.equal(session);
    expect(await sessions().findByCookie('c12')).to.equal(undefined);
    expect(await sessions().findByCookie('r1')).to.equal(undefined);
    expect(await sessions().rotate('c11', 'c12', T0 + 1)).to.deep.equal({ kind: 'unknown' });
  });

  it('ends the session of the cookie that another replaces, in the same write and once', async () => {
    await sessions().beginCookie(aCookieSession(11), 'c11');
    const next = aCookieSession(12, { createdAtMs: T0 + 5, userId: user(2) });
    expect(await sessions().beginCookie(next, 'c12', { cookieSha256: 'c11' })).to.deep.include({
      id,
      endedAtMs: T0 + 5,
    });
    expect(await sessions().isLive(id, T0 + 6)).to.equal(false);
    expect(await sessions().findByCookie('c11')).to.deep.include({ id, endedAtMs: T0 + 5 });
    expect(await sessions().beginCookie(aCookieSession(13), 'c13', { cookieSha256: 'c11' })).to.equal(
      undefined,
    );
    expect(await sessions().beginCookie(aCookieSession(14), 'c14', { cookieSha256: 'never seen' })).to.equal(
      undefined,
    );
    expect(await sessions().isLive(aCookieSession(12).id, T0 + 6)).to.equal(true);
  });

  it('ends the oldest beyond the most that one user may have, and nobody else is touched', async () => {
    await sessions().begin({ ...aSession(2), userId: user(2) }, 'of another');
    for (let at = 0; at < MAX_LIVE_LOGINS; at += AT_ONCE) {
      const begun = Array.from({ length: AT_ONCE }, (_, step) => {
        const number = 1_000 + at + step;
        return sessions().beginCookie(aCookieSession(number, { createdAtMs: T0 + number }), `c${number}`);
      });
      await Promise.all(begun);
    }
    const nowMs = T0 + 1_000 + MAX_LIVE_LOGINS;
    expect(await sessions().isLive(aSession(1).id, nowMs)).to.equal(false);
    expect(await sessions().isLive(aCookieSession(1_000).id, nowMs)).to.equal(true);
    expect((await sessions().listLive(user(1), nowMs, MAX_LIVE_LOGINS + 9)).length).to.equal(MAX_LIVE_LOGINS);
    expect(await sessions().isLive(aSession(2).id, nowMs)).to.equal(true);
  });

  it('is live until it lies idle or its absolute time is over', async () => {
    await sessions().beginCookie(aCookieSession(11), 'c11');
    expect(await sessions().isLive(id, T0 + IDLE_MS - 1)).to.equal(true);
    expect(await sessions().isLive(id, T0 + IDLE_MS)).to.equal(false);
    const listed = await sessions().listLive(user(1), T0 + IDLE_MS, 9);
    expect(listed.map((session) => session.id)).to.deep.equal([aSession(1).id]);
  });

  describeUses(sessions);

  it('ends one of his own for a user, and nothing of anybody else, once', async () => {
    await sessions().beginCookie(aCookieSession(11), 'c11');
    expect(await sessions().endOneOf(user(2), id, T0 + 1)).to.equal(false);
    expect(await sessions().endOneOf(user(1), aSession(99).id, T0 + 1)).to.equal(false);
    expect(await sessions().isLive(id, T0 + 2)).to.equal(true);
    const races = await Promise.all([
      sessions().endOneOf(user(1), id, T0 + 3),
      sessions().endOneOf(user(1), id, T0 + 3),
    ]);
    expect(races.toSorted()).to.deep.equal([false, true]);
    expect(await sessions().endOneOf(user(1), aSession(1).id, T0 + 7 * DAY_MS)).to.equal(false);
  });

  it('lists no more than it is asked for', async () => {
    await sessions().beginCookie(aCookieSession(11, { createdAtMs: T0 + 1 }), 'c11');
    await sessions().beginCookie(aCookieSession(12, { createdAtMs: T0 + 2 }), 'c12');
    const listed = await sessions().listLive(user(1), T0 + 3, 2);
    expect(listed.map((session) => session.id)).to.deep.equal([aCookieSession(12).id, id]);
  });
}

const usedAtMs = (atMs: number) => aCookieSession(11, { lastUsedAtMs: atMs, idleEndsAtMs: atMs + IDLE_MS });

function describeUses(sessions: () => LoginSessionRepository): void {
  const touch = (nowMs: number): Promise<boolean> => sessions().touch(id, { nowMs, idleMs: IDLE_MS });

  it('moves the idle end with a use, and not within a minute of the last', async () => {
    await sessions().beginCookie(aCookieSession(11), 'c11');
    expect(await touch(T0 + USE_INTERVAL_MS - 1)).to.equal(true);
    expect(await sessions().findByCookie('c11')).to.deep.equal(aCookieSession(11));
    const nowMs = T0 + USE_INTERVAL_MS;
    expect(await Promise.all([touch(nowMs), touch(nowMs + 1)])).to.deep.equal([true, true]);
    // Of two that come at once one is written down, whichever comes first.
    const moved = [nowMs, nowMs + 1].map((atMs) => usedAtMs(atMs));
    expect(moved).to.deep.include(await sessions().findByCookie('c11'));
  });

  it('never moves the absolute end', async () => {
    await sessions().beginCookie(aCookieSession(11, { idleEndsAtMs: T0 + DAY_MS / 2 }), 'c11');
    const last = T0 + DAY_MS / 2 - 1;
    expect(await touch(last)).to.equal(true);
    expect(await sessions().isLive(id, last)).to.equal(true);
    expect(await sessions().isLive(id, last + 1)).to.equal(false);
    expect(await touch(last + 1)).to.equal(false);
  });

  it('changes nothing by a use that comes after the end, or that races it and loses', async () => {
    await sessions().beginCookie(aCookieSession(11), 'c11');
    const nowMs = T0 + USE_INTERVAL_MS;
    const [, touched] = await Promise.all([sessions().end(id, nowMs), touch(nowMs)]);
    const before = touched ? usedAtMs(nowMs) : aCookieSession(11);
    expect(await sessions().findByCookie('c11')).to.deep.equal({ ...before, endedAtMs: nowMs });
    expect(await touch(nowMs + USE_INTERVAL_MS)).to.equal(false);
    expect(await sessions().findByCookie('c11')).to.deep.equal({ ...before, endedAtMs: nowMs });
  });

  it('revives no session that has lain idle', async () => {
    await sessions().beginCookie(aCookieSession(11), 'c11');
    expect(await touch(T0 + IDLE_MS)).to.equal(false);
    expect(await sessions().isLive(id, T0 + IDLE_MS)).to.equal(false);
  });

  it('writes nothing down of a bearer session, nor of one that is not there', async () => {
    const use = { nowMs: T0 + DAY_MS, idleMs: IDLE_MS };
    expect(await sessions().touch(aSession(1).id, use)).to.equal(true);
    expect(await sessions().touch(id, use)).to.equal(false);
    const [bearer] = await sessions().listLive(user(1), T0 + DAY_MS, 9);
    expect(bearer).to.include({ id: aSession(1).id, lastUsedAtMs: T0 });
  });
}
