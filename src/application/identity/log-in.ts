import { loginSessionIdFrom } from '../../domain/identity/ids.ts';
import { beginLogin, MAX_LOGIN_LIFE_MS } from '../../domain/identity/login-session.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { AccessTokenIssuer } from '../ports/identity/access-tokens.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { LoginAdmission, LoginAttempt } from './login-admission.ts';
import { loginBegun } from './login-begun.ts';
import { type LoginGrant, REFRESH_TOKEN_BITS } from './login-grant.ts';
import { principalOf } from './principal-of.ts';
import { profileOf } from './user-profile.ts';

interface Deps {
  readonly admission: LoginAdmission;
  readonly sessions: LoginSessionRepository;
  readonly tokens: AccessTokenIssuer;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly clock: Clock;
  /** Life of a login from the password on; at most `MAX_LOGIN_LIFE_MS`, which it is when absent. */
  readonly loginLifeMs?: number;
}

/** Begins a login with a password. */
export class LogIn {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws what `LoginAdmission` throws. */
  async execute(attempt: LoginAttempt): Promise<LoginGrant> {
    const { admission, sessions, tokens, ids, digest, clock } = this.#deps;
    const { loginLifeMs = MAX_LOGIN_LIFE_MS } = this.#deps;
    const user = await admission.check(attempt);
    const session = beginLogin(user, {
      id: loginSessionIdFrom(ids.uuid()),
      nowMs: clock.nowMs(),
      lifeMs: loginLifeMs,
      peer: attempt.peer,
    });
    const refreshToken = ids.secret(REFRESH_TOKEN_BITS);
    await sessions.begin(session, digest.sha256Hex(refreshToken), [loginBegun(session, attempt)]);
    const current = await admission.confirm(user, session, attempt);
    const issued = await tokens.issue(principalOf(current, session.id), session.expiresAtMs);
    return {
      accessToken: issued.token,
      refreshToken,
      expiresInSeconds: issued.expiresInSeconds,
      user: profileOf(current),
    };
  }
}
