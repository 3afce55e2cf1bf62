import type { Authenticate } from '../../../../application/identity/authenticate.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';
import type { Shown } from './authority.ts';

/** The form of a signed token, whose second part says when it expires. */
const SIGNED = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

/**
 * Finds out whom a credential within the protocol names: an access token or an API key.
 *
 * @throws DomainError `credential.…`, `permission.denied`; PortError when it cannot be found out.
 */
export async function showCredential(authenticate: Authenticate, value: string): Promise<Shown> {
  const principal = await authenticate.execute({ kind: 'bearer', value });
  if (principal.kind === 'service') {
    throw new DomainError('permission.denied', 'A service has no sessions');
  }
  return shownBy(principal, value);
}

/** Whom a good credential names, and until when it is good: an access token by its own word, a key by its principal's. */
export function shownBy(principal: EndingPrincipal, credential: string | undefined): Shown {
  if (principal.kind === 'user') return { principal, ...expiryOf(credential) };
  const { expiresAtMs } = principal;
  return { principal, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
}

/** When a token that was found good expires by its own word. */
function expiryOf(credential: string | undefined): Pick<Shown, 'expiresAtMs'> {
  const [, claims] = SIGNED.exec(credential ?? '') ?? [];
  if (claims === undefined) return {};
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' && Number.isSafeInteger(exp * 1_000) ? { expiresAtMs: exp * 1_000 } : {};
  } catch {
    return {};
  }
}
