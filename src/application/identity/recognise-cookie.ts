import { DomainError } from '../../domain/domain-error.ts';
import { isLiveAt } from '../../domain/identity/login-session.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { CookieVerifier } from '../ports/identity/cookie-verifier.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { COOKIE_SECRET_BITS } from './login-grant.ts';
import type { LoginUse } from './login-use.ts';
import { principalOf } from './principal-of.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly users: UserRepository;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly use: LoginUse;
}

/** A secret as the id source writes one: base64url without padding. */
const SECRET = new RegExp(`^[A-Za-z0-9_-]{${Math.ceil(COOKIE_SECRET_BITS / 6)}}$`);

/** Finds out whose login a cookie is. The account is asked each time, so that he is who he is now. */
export class RecogniseCookie implements CookieVerifier {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** What does not have the form of a secret never reaches the store. */
  async verify(secret: string): Promise<UserPrincipal> {
    const { sessions, users, digest, clock, use } = this.#deps;
    if (!SECRET.test(secret)) throw invalid();
    const session = await sessions.findByCookie(digest.sha256Hex(secret));
    if (session === undefined) throw invalid();
    const user = isLiveAt(session, clock.nowMs()) ? await users.find(session.userId) : undefined;
    if (user === undefined || user.disabledAtMs !== undefined) {
      throw new DomainError('credential.expired', 'This login has ended');
    }
    use.noteRequest(session);
    return { ...principalOf(user, session.id), byCookie: true };
  }
}

const invalid = (): DomainError => new DomainError('credential.invalid', 'The credential is not valid');
