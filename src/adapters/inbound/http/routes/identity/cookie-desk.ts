import type { CookieGrant } from '../../../../../application/identity/login-grant.ts';
import type { Clock } from '../../../../../application/ports/clock.ts';
import { csrfTokenOf } from '../../csrf-token.ts';
import type { SessionCookie } from '../../session-cookie.ts';
import { NO_STORE } from './answers.ts';

type Headers = Readonly<Record<string, string>>;

/** Hands cookies of logins out and takes them back. */
export class CookieDesk {
  readonly #parts: { readonly cookie: SessionCookie; readonly clock: Clock };

  constructor(parts: { readonly cookie: SessionCookie; readonly clock: Clock }) {
    this.#parts = parts;
  }

  /** The headers that give a browser its cookie, and the token that its pages show with every write. */
  handOut({ secret, expiresAtMs }: CookieGrant): { readonly headers: Headers; readonly csrfToken: string } {
    const { cookie, clock } = this.#parts;
    // Rounded up: the moment that has passed since the login must not make a day of browsers one second short.
    const maxAgeSeconds = Math.max(0, Math.ceil((expiresAtMs - clock.nowMs()) / 1000));
    const headers = { ...NO_STORE, 'Set-Cookie': cookie.set(secret, maxAgeSeconds) };
    return { headers, csrfToken: csrfTokenOf(secret) };
  }

  /**
   * The headers that take the cookie of a login that has ended out of its browser.
   *
   * @param secret that of the cookie that asked; when another credential did, whatever cookie there is stays.
   */
  takeBack(secret: string | undefined): Headers {
    return secret === undefined ? NO_STORE : { ...NO_STORE, 'Set-Cookie': this.#parts.cookie.clear() };
  }
}
