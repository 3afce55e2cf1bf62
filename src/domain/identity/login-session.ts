import { invariant } from '../invariant.ts';
import type { LoginSessionId, UserId } from './ids.ts';
import type { User } from './user.ts';

/** Longest life of a login from the password on, in milliseconds: 7 days, which nothing moves. */
export const MAX_LOGIN_LIFE_MS = 604_800_000;
/** How long the first admin may log in with the password that the server chose, in milliseconds: 24 hours. */
export const GENERATED_PASSWORD_LIFE_MS = 86_400_000;
/** How often the use of one login is written down at most, in milliseconds: its last use is known to a minute. */
export const USE_INTERVAL_MS = 60_000;
/** Most logins of one user that live at once: a new one ends the oldest beyond them (ASVS 5.0, 7.1.2). */
export const MAX_LIVE_LOGINS = 1_000;
/** A short idle time is divided by this to find how often use is written down: nobody in use may seem idle. */
const USES_PER_IDLE_TIME = 4;

/**
 * One login, and what every credential of it depends on. A `bearer` login is the family of its refresh tokens and ends
 * with it; a `cookie` login also ends once nobody has used it for a while (ASVS 5.0, 7.3.1).
 */
export interface LoginSession {
  readonly id: LoginSessionId;
  readonly userId: UserId;
  readonly kind: 'bearer' | 'cookie';
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number;
  /** The absolute end, which neither rotation nor use moves (ASVS 5.0, 7.3.2). */
  readonly expiresAtMs: number;
  /** When it ends unless it is used before; a cookie login's alone. */
  readonly idleEndsAtMs?: number;
  readonly endedAtMs?: number;
  readonly userAgent?: string;
  readonly address?: string;
}

/** What a login that begins is made of. */
export interface NewLogin {
  readonly id: LoginSessionId;
  readonly nowMs: number;
  /** How long it may last at most from now on. */
  readonly lifeMs: number;
  /** How long a cookie login may lie unused; absent for a bearer login. */
  readonly idleMs?: number;
  readonly peer: { readonly address?: string; readonly userAgent?: string };
}

/** A login that begins now. It lives no longer than the password that the server chose. */
export function beginLogin(
  user: Pick<User, 'id' | 'passwordMark' | 'createdAtMs'>,
  { id, nowMs, lifeMs, idleMs, peer }: NewLogin,
): LoginSession {
  const endsMs = nowMs + Math.min(lifeMs, MAX_LOGIN_LIFE_MS);
  const lapsesMs = user.passwordMark === 'generated' ? user.createdAtMs + GENERATED_PASSWORD_LIFE_MS : endsMs;
  const expiresAtMs = Math.min(endsMs, lapsesMs);
  return {
    id,
    userId: user.id,
    kind: idleMs === undefined ? 'bearer' : 'cookie',
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    expiresAtMs,
    ...(idleMs === undefined ? {} : { idleEndsAtMs: Math.min(nowMs + idleMs, expiresAtMs) }),
    ...(peer.address === undefined ? {} : { address: peer.address }),
    ...(peer.userAgent === undefined ? {} : { userAgent: peer.userAgent }),
  };
}

/** Whether a login lets anybody in: it has not ended, and neither its absolute nor its idle time is over. */
export const isLiveAt = (session: LoginSession, nowMs: number): boolean =>
  session.endedAtMs === undefined &&
  nowMs < session.expiresAtMs &&
  nowMs < (session.idleEndsAtMs ?? session.expiresAtMs);

/** How often the use of cookie logins is written down, in milliseconds, where they may lie unused for `idleMs`. */
export const useIntervalMs = (idleMs: number): number =>
  Math.min(USE_INTERVAL_MS, Math.floor(idleMs / USES_PER_IDLE_TIME));

/** Whether a use of a login is to be written down: it has an idle end to move, and was last moved a while ago. */
export const isUseDue = (session: LoginSession, nowMs: number, idleMs: number): boolean =>
  session.idleEndsAtMs !== undefined &&
  isLiveAt(session, nowMs) &&
  nowMs - session.lastUsedAtMs >= useIntervalMs(idleMs);

/** A login after a use: its idle end moves, but not beyond its absolute one. One that does not live stays as it is. */
export function usedAt(session: LoginSession, nowMs: number, idleMs: number): LoginSession {
  if (!isLiveAt(session, nowMs) || session.idleEndsAtMs === undefined) return session;
  const lastUsedAtMs = Math.max(session.lastUsedAtMs, nowMs);
  return { ...session, lastUsedAtMs, idleEndsAtMs: Math.min(lastUsedAtMs + idleMs, session.expiresAtMs) };
}

/** A login after its end; the first end stays. */
export const endedAt = (session: LoginSession, nowMs: number): LoginSession =>
  session.endedAtMs === undefined ? { ...session, endedAtMs: nowMs } : session;

/** The same login under another id, for after a change of its privileges (ASVS 5.0, 7.2.4). Its ends do not move. */
export function renewedLogin(session: LoginSession, id: LoginSessionId, nowMs: number): LoginSession {
  invariant(isLiveAt(session, nowMs), 'only a login that lives goes on under another id');
  return { ...session, id };
}
