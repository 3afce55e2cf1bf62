import type { IncomingMessage } from 'node:http';
import { parseCookie, type SetCookie, stringifySetCookie } from 'cookie';
import { DomainError } from '../../../domain/domain-error.ts';

/** The cookie's name behind its prefix. */
const NAME = 'holdfast';

/** What a request brings of the session cookie. */
export type PresentedCookie =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly secret: string }
  /** Several of its name: one of them is not ours, and nobody can tell which (RFC 6265, section 4.2.2). */
  | { readonly kind: 'several' };

/**
 * The cookie that keeps a browser logged in. Its prefix makes browsers refuse it from anybody but this host by https
 * (`__Host-`, ASVS 5.0, 3.3.1 and 3.3.3), or, where the operator shares it between the hosts of a domain, from plain
 * http (`__Secure-`).
 */
export class SessionCookie {
  readonly name: string;
  readonly #attributes: Omit<SetCookie, 'name' | 'value' | 'maxAge'>;

  constructor({ domain }: { readonly domain?: string | undefined } = {}) {
    this.name = `${domain === undefined ? '__Host-' : '__Secure-'}${NAME}`;
    this.#attributes = {
      secure: true,
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      ...(domain === undefined ? {} : { domain }),
    };
  }

  /**
   * Reads it strictly: the name is exactly ours after nothing but spaces and tabs, because browsers guard the prefix of
   * exactly that name, and the value is taken as it stands, without any decoding.
   */
  of(request: IncomingMessage): PresentedCookie {
    const header = (request.headersDistinct.cookie ?? []).join('; ');
    const named = header.split(';').filter((pair) => nameOf(pair) === this.name);
    if (named.length > 1) return { kind: 'several' };
    const secret = parseCookie(header, { decode: (text) => text })[this.name];
    return secret === undefined ? { kind: 'none' } : { kind: 'one', secret };
  }

  /**
   * The one secret that a request brings; undefined without one.
   *
   * @throws DomainError `credential.invalid` for several.
   */
  secretOf(request: IncomingMessage): string | undefined {
    const presented = this.of(request);
    if (presented.kind === 'several') {
      throw new DomainError('credential.invalid', 'There is more than one cookie of this name');
    }
    return presented.kind === 'one' ? presented.secret : undefined;
  }

  /** The value of `Set-Cookie` that begins or renews a login. `maxAgeSeconds`: until its absolute end. */
  set(secret: string, maxAgeSeconds: number): string {
    return this.#write(secret, maxAgeSeconds);
  }

  /** The value of `Set-Cookie` that takes it out of the browser. */
  clear(): string {
    return this.#write('', 0);
  }

  #write(value: string, maxAge: number): string {
    return stringifySetCookie({ name: this.name, value, maxAge, ...this.#attributes });
  }
}

/** The name of one `name=value`, without the spaces and tabs around it; other blanks belong to a name. */
function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals < 0 ? '' : pair.slice(0, equals)).replaceAll(/^[ \t]+|[ \t]+$/g, '');
}
