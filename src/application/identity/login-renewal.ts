import { DomainError } from '../../domain/domain-error.ts';
import { loginSessionIdFrom } from '../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { Digest } from '../ports/digest.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { SessionsChange } from '../ports/identity/user-repository.ts';
import { COOKIE_SECRET_BITS, type CookieGrant } from './login-grant.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly ids: IdSource;
  readonly digest: Digest;
}

/** What becomes of the logins of somebody whose privileges he changes himself: all end but his own. */
export interface RenewedLogin {
  /** Goes into the write of the change. */
  readonly sessions: SessionsChange;
  /** Once that is written: what his browser needs from now on; undefined for a bearer login, which stays. */
  grant(): Promise<CookieGrant | undefined>;
}

/** Gives the login by cookie of whoever changes his privileges another id and secret (ASVS 5.0, 7.2.4). */
export class LoginRenewal {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  prepare({ byCookie, loginSessionId }: UserPrincipal, nowMs: number): RenewedLogin {
    if (!byCookie) {
      return {
        sessions: { endSessionsAtMs: nowMs, keepSession: loginSessionId },
        grant: async () => undefined,
      };
    }
    const { sessions, ids, digest } = this.#deps;
    const secret = ids.secret(COOKIE_SECRET_BITS);
    const cookieSha256 = digest.sha256Hex(secret);
    const replaceSession = { id: loginSessionId, by: loginSessionIdFrom(ids.uuid()), cookieSha256 };
    return {
      sessions: { endSessionsAtMs: nowMs, replaceSession },
      grant: async () => {
        const session = await sessions.findByCookie(cookieSha256);
        if (session === undefined) throw new DomainError('credential.expired', 'This login has ended');
        return { secret, expiresAtMs: session.expiresAtMs };
      },
    };
  }
}
