import type { Authenticate } from '../../../../application/identity/authenticate.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
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
  return { principal, ...expiryOf(value) };
}

/** When a token that was found good expires by its own word. What is no token does not expire of itself. */
export function expiryOf(credential: string | undefined): Pick<Shown, 'expiresAtMs'> {
  const [, claims] = SIGNED.exec(credential ?? '') ?? [];
  if (claims === undefined) return {};
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' && Number.isSafeInteger(exp * 1_000) ? { expiresAtMs: exp * 1_000 } : {};
  } catch {
    return {};
  }
}
