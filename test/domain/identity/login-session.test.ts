import { expect } from 'chai';
import type { LoginSessionId } from '../../../src/domain/identity/ids.ts';
import {
  beginLogin,
  endedAt,
  GENERATED_PASSWORD_LIFE_MS,
  isLiveAt,
  isUseDue,
  MAX_LOGIN_LIFE_MS,
  renewedLogin,
  USE_INTERVAL_MS,
  usedAt,
  useIntervalMs,
} from '../../../src/domain/identity/login-session.ts';
import { aCookieSession, aSession, aUser, IDLE_MS } from '../../support/identity-builders.ts';
import { DAY_MS, T0 } from '../../support/ledger-builders.ts';

const LIFE_MS = DAY_MS / 2;
const id = 'session-1' as LoginSessionId;
const made = { id, nowMs: T0, lifeMs: LIFE_MS, peer: { address: '127.0.0.1', userAgent: 'a browser' } };

describe('a login', () => {
  it('by tokens has an absolute end and no idle one', () => {
    const session = beginLogin(aUser(1), { ...made, lifeMs: MAX_LOGIN_LIFE_MS });
    expect(session).to.deep.equal(aSession(1, { address: '127.0.0.1', userAgent: 'a browser' }));
    expect(isLiveAt(session, T0 + MAX_LOGIN_LIFE_MS - 1)).to.equal(true);
    expect(isLiveAt(session, T0 + MAX_LOGIN_LIFE_MS)).to.equal(false);
  });

  it('by cookie has both', () => {
    const session = beginLogin(aUser(1), { ...made, idleMs: IDLE_MS });
    expect(session).to.deep.equal(aCookieSession(1, { address: '127.0.0.1', userAgent: 'a browser' }));
    expect(isLiveAt(session, T0 + IDLE_MS - 1)).to.equal(true);
    expect(isLiveAt(session, T0 + IDLE_MS)).to.equal(false);
  });

  it('never lasts longer than seven days, nor idle longer than it lasts', () => {
    expect(beginLogin(aUser(1), { ...made, lifeMs: 99 * DAY_MS }).expiresAtMs).to.equal(
      T0 + MAX_LOGIN_LIFE_MS,
    );
    expect(beginLogin(aUser(1), { ...made, idleMs: 2 * LIFE_MS }).idleEndsAtMs).to.equal(T0 + LIFE_MS);
  });

  it('ends with the password that the server chose', () => {
    const admin = aUser(1, {
      passwordMark: 'generated',
      createdAtMs: T0 - GENERATED_PASSWORD_LIFE_MS + 1000,
    });
    expect(beginLogin(admin, { ...made, idleMs: IDLE_MS })).to.include({
      expiresAtMs: T0 + 1000,
      idleEndsAtMs: T0 + 1000,
    });
  });

  it('that has ended is not live, and keeps its first end', () => {
    const ended = endedAt(aCookieSession(1), T0 + 5);
    expect(isLiveAt(ended, T0 + 6)).to.equal(false);
    expect(endedAt(ended, T0 + 9)).to.deep.equal(ended);
  });
});

describe('the use of a login', () => {
  const cookie = aCookieSession(1);

  it('moves the idle end of a cookie and never its absolute one', () => {
    const used = usedAt(cookie, T0 + IDLE_MS - 1, IDLE_MS);
    expect(used).to.deep.equal({
      ...cookie,
      lastUsedAtMs: T0 + IDLE_MS - 1,
      idleEndsAtMs: T0 + 2 * IDLE_MS - 1,
    });
    const late = aCookieSession(1, { idleEndsAtMs: cookie.expiresAtMs });
    expect(usedAt(late, cookie.expiresAtMs - 1, IDLE_MS).idleEndsAtMs).to.equal(cookie.expiresAtMs);
  });

  it('changes nothing of a login that has ended, that lay idle, or that is by tokens', () => {
    const ended = endedAt(cookie, T0 + 1);
    expect(usedAt(ended, T0 + 2, IDLE_MS)).to.equal(ended);
    expect(usedAt(cookie, T0 + IDLE_MS, IDLE_MS)).to.equal(cookie);
    const bearer = aSession(1);
    expect(usedAt(bearer, T0 + 2, IDLE_MS)).to.equal(bearer);
  });

  it('never moves the last use back when two uses arrive in the wrong order', () => {
    const used = usedAt(cookie, T0 + 500, IDLE_MS);
    expect(usedAt(used, T0 + 100, IDLE_MS)).to.deep.equal(used);
  });

  it('is written down once a minute at most', () => {
    expect(isUseDue(cookie, T0 + USE_INTERVAL_MS - 1, IDLE_MS)).to.equal(false);
    expect(isUseDue(cookie, T0 + USE_INTERVAL_MS, IDLE_MS)).to.equal(true);
    expect(isUseDue(endedAt(cookie, T0 + 1), T0 + USE_INTERVAL_MS, IDLE_MS)).to.equal(false);
    expect(isUseDue(aSession(1), T0 + USE_INTERVAL_MS, IDLE_MS)).to.equal(false);
  });

  it('is written down more often where the idle time is short, so that nobody in use seems idle', () => {
    expect(useIntervalMs(IDLE_MS)).to.equal(USE_INTERVAL_MS);
    expect(useIntervalMs(8_000)).to.equal(2_000);
  });
});

describe('a login whose privileges change', () => {
  it('goes on under another id, with the same ends', () => {
    const next = 'session-2' as LoginSessionId;
    expect(renewedLogin(aCookieSession(1), next, T0 + 5)).to.deep.equal({ ...aCookieSession(1), id: next });
  });

  it('must be live', () => {
    expect(() => renewedLogin(endedAt(aCookieSession(1), T0), id, T0 + 5)).to.throw('that lives');
  });
});
