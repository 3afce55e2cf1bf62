import type { Container } from 'inversify';
import { CookieDesk } from '../../adapters/inbound/http/routes/identity/cookie-desk.ts';
import { EndLogins } from '../../application/identity/end-logins.ts';
import { ListLogins } from '../../application/identity/list-logins.ts';
import { LogInBrowser } from '../../application/identity/log-in-browser.ts';
import { LoginRenewal } from '../../application/identity/login-renewal.ts';
import { LoginUse } from '../../application/identity/login-use.ts';
import { RecogniseCookie } from '../../application/identity/recognise-cookie.ts';
import * as identity from '../tokens/identity.ts';
import { CLOCK, DIGEST, IDS, LOGIN_SESSIONS, SESSION_COOKIE, USERS } from '../tokens.ts';

/** How long logins by cookie live, in milliseconds. */
export interface CookieLoginSettings {
  readonly idleMs: number;
  readonly absoluteMs: number;
}

/** Binds browsers' logins, and what people do with their logins of either kind. */
export function bindCookieLogins(container: Container, settings: CookieLoginSettings): void {
  const { idleMs, absoluteMs } = settings;
  container
    .bind(identity.LOGIN_USE)
    .toResolvedValue((sessions, clock) => new LoginUse({ sessions, clock, idleMs }), [LOGIN_SESSIONS, CLOCK])
    .inSingletonScope();
  container.bind(identity.LONG_USE).toResolvedValue((use) => use, [identity.LOGIN_USE]);
  container
    .bind(identity.COOKIE_VERIFIER)
    .toResolvedValue(
      (sessions, users, digest, clock, use) => new RecogniseCookie({ sessions, users, digest, clock, use }),
      [LOGIN_SESSIONS, USERS, DIGEST, CLOCK, identity.LOGIN_USE],
    );
  container
    .bind(identity.LOG_IN_BROWSER)
    .toResolvedValue(
      (admission, sessions, ids, digest, clock) =>
        new LogInBrowser({ admission, sessions, ids, digest, clock, idleMs, absoluteMs }),
      [identity.LOGIN_ADMISSION, LOGIN_SESSIONS, IDS, DIGEST, CLOCK],
    );
  container
    .bind(identity.LOGIN_RENEWAL)
    .toResolvedValue(
      (sessions, ids, digest) => new LoginRenewal({ sessions, ids, digest }),
      [LOGIN_SESSIONS, IDS, DIGEST],
    );
  container
    .bind(identity.LIST_LOGINS)
    .toResolvedValue((sessions, clock) => new ListLogins({ sessions, clock }), [LOGIN_SESSIONS, CLOCK]);
  container
    .bind(identity.END_LOGINS)
    .toResolvedValue((sessions, clock) => new EndLogins({ sessions, clock }), [LOGIN_SESSIONS, CLOCK]);
  container
    .bind(identity.COOKIE_DESK)
    .toResolvedValue((cookie, clock) => new CookieDesk({ cookie, clock }), [SESSION_COOKIE, CLOCK]);
}
