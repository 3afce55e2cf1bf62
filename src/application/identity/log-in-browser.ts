import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { loginSessionIdFrom } from '../../domain/identity/ids.ts';
import { beginLogin } from '../../domain/identity/login-session.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { LoginAdmission, LoginAttempt } from './login-admission.ts';
import { loginBegun } from './login-begun.ts';
import { COOKIE_SECRET_BITS, type CookieGrant } from './login-grant.ts';
import { profileOf, type UserProfile } from './user-profile.ts';

interface Deps {
  readonly admission: LoginAdmission;
  readonly sessions: LoginSessionRepository;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly clock: Clock;
  /** How long a login by cookie may lie unused, in milliseconds. */
  readonly idleMs: number;
  /** How long it lasts at most, in milliseconds. */
  readonly absoluteMs: number;
}

/** A browser that is logged in. */
export interface BrowserLogin extends CookieGrant {
  readonly user: UserProfile;
}

/** Begins the login of a browser, which keeps it in a cookie. */
export class LogInBrowser {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The session and its secret are new whatever the browser brings, so that nobody can fix them beforehand; the login of
   * the cookie that the browser will forget ends (ASVS 5.0, 7.2.4).
   *
   * @param attempt `presentedSecret`: that of the cookie which came with the password.
   * @throws what `LoginAdmission` throws.
   */
  async execute(attempt: LoginAttempt & { readonly presentedSecret?: string }): Promise<BrowserLogin> {
    const { admission, sessions, ids, digest, clock, idleMs, absoluteMs } = this.#deps;
    const { peer, presentedSecret, requestId } = attempt;
    const user = await admission.check(attempt);
    const id = loginSessionIdFrom(ids.uuid());
    const session = beginLogin(user, { id, nowMs: clock.nowMs(), lifeMs: absoluteMs, idleMs, peer });
    const secret = ids.secret(COOKIE_SECRET_BITS);
    const ended: AuditRecord = {
      act: 'login.ended',
      outcome: 'done',
      facts: { reason: 'replaced' },
      ...(requestId === undefined ? {} : { requestId }),
    };
    const replaced =
      presentedSecret === undefined
        ? undefined
        : { cookieSha256: digest.sha256Hex(presentedSecret), audit: [ended] };
    await sessions.beginCookie(session, digest.sha256Hex(secret), replaced, [loginBegun(session, attempt)]);
    const current = await admission.confirm(user, session, attempt);
    return { secret, expiresAtMs: session.expiresAtMs, user: profileOf(current) };
  }
}
