import type { Clock } from '../../../../application/ports/clock.ts';
import type { Digest } from '../../../../application/ports/digest.ts';
import type { CookieVerifier } from '../../../../application/ports/identity/cookie-verifier.ts';
import type { LoginEnds } from '../../../../application/ports/identity/login-ends.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import type { UserPrincipal } from '../../../../domain/identity/principal.ts';
import { type AuthPeer, askAuth } from './ask-auth.ts';
import { AskedHolders } from './asked-holders.ts';
import { LOGIN_ANSWER } from './login-answer.ts';

/** A secret as auth makes one: nothing else is worth a question. */
const SECRET = /^[A-Za-z0-9_-]{1,128}$/;

/** Asks auth whose login a cookie is, for a service that runs apart. */
export class HttpCookieVerifier implements CookieVerifier {
  readonly #holders: AskedHolders<UserPrincipal>;

  constructor(deps: { auth: AuthPeer; clock: Clock; digest: Digest; loginEnds: LoginEnds }) {
    const { auth, ...rest } = deps;
    const ask = async (credential: string): Promise<UserPrincipal | null> => {
      const question = { credential, kind: 'cookie' };
      return (await askAuth(auth, '/internal/principals/resolve', question, LOGIN_ANSWER)).principal;
    };
    this.#holders = new AskedHolders({ ...rest, ask });
  }

  async verify(secret: string): Promise<UserPrincipal> {
    const holder = SECRET.test(secret) ? await this.#holders.holderOf(secret) : undefined;
    if (holder === undefined) throw new DomainError('credential.invalid', 'The credential is not valid');
    return holder;
  }
}
