import type { IncomingMessage } from 'node:http';
import type { Authenticate } from '../../../application/identity/authenticate.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import { permits } from '../../../domain/identity/permission.ts';
import type { Principal } from '../../../domain/identity/principal.ts';
import { requireCsrfToken } from './csrf-token.ts';
import { PermissionRefusal } from './refused-requests.ts';
import type { RequestOrigin } from './request-origin.ts';
import type { Route } from './route.ts';
import type { SessionCookie } from './session-cookie.ts';

/** Who was let in, and the secret of the cookie by which, where it was one. */
export interface Admitted {
  readonly principal: Principal | undefined;
  readonly cookie: string | undefined;
}

/** Who comes without a credential that counts. */
export const NOBODY: Admitted = { principal: undefined, cookie: undefined };

/** Methods that change nothing (RFC 9110, section 9.2.1), so that another site may well cause them. */
const SAFE_METHODS: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS'];

/** Lets requests in to routes. Exactly one credential decides: `Authorization` where there is one, else the cookie. */
export class Admission {
  readonly #parts: { authenticate: Authenticate; cookie: SessionCookie; origin: RequestOrigin };

  constructor(parts: { authenticate: Authenticate; cookie: SessionCookie; origin: RequestOrigin }) {
    this.#parts = parts;
  }

  /**
   * Who asks, if he may. A cookie that changes something must come from a page of ours and with its token.
   *
   * @throws DomainError `credential.…`, `permission.denied`, `account.password_change_required`; HttpRefusal 403.
   */
  async admit(route: Route, request: IncomingMessage): Promise<Admitted> {
    const admitted = await this.#recognise(route, request);
    requirePermission(admitted.principal, route);
    return admitted;
  }

  /**
   * Who begins a login by cookie: nobody yet. The cookie that his browser brings is told, unproven.
   *
   * @throws HttpRefusal 403 `request.cross_site`: else a page could log a browser in as somebody whom it does not
   *   know to be; DomainError `credential.invalid` for several cookies.
   */
  admitToBegin(request: IncomingMessage): Admitted {
    this.#parts.origin.requireOwnPage(request);
    return { principal: undefined, cookie: this.#parts.cookie.secretOf(request) };
  }

  async #recognise(route: Route, request: IncomingMessage): Promise<Admitted> {
    const { authenticate } = this.#parts;
    const bearer = bearerOf(request);
    if (bearer !== undefined) {
      return { principal: await authenticate.execute({ kind: 'bearer', value: bearer }), cookie: undefined };
    }
    // A browser sends its cookie to pages and pictures too, long after it ended: what is public asks for none.
    const cookie = isOpen(route) ? undefined : this.#parts.cookie.secretOf(request);
    if (cookie === undefined) return NOBODY;
    const principal = await authenticate.execute({ kind: 'cookie', value: cookie });
    if (!SAFE_METHODS.includes(request.method)) {
      this.#parts.origin.requireOwnPage(request);
      requireCsrfToken(request, cookie);
    }
    return { principal, cookie };
  }
}

const isOpen = (route: Route): boolean =>
  route.permission === 'public' && route.credentialInBody === undefined;

/**
 * Sees to it that somebody may do what a permission opens.
 *
 * @throws DomainError `credential.missing`, `permission.denied`, `account.password_change_required`.
 */
export function requirePermission(
  principal: Principal | undefined,
  { permission, beforePasswordChange }: Pick<Route, 'permission' | 'beforePasswordChange'>,
): void {
  if (!permits(principal, permission)) {
    if (principal === undefined) throw new DomainError('credential.missing', 'Log in first');
    throw new PermissionRefusal(principal);
  }
  const isExempt = permission === 'public' || beforePasswordChange === true;
  if (principal?.kind === 'user' && principal.mustChangePassword && !isExempt) {
    throw new DomainError(
      'account.password_change_required',
      'Change your password first: POST /api/change-password',
    );
  }
}

/**
 * The credential of the `Authorization` header; undefined without one.
 *
 * @throws DomainError `credential.invalid` for one that is no bearer, or for several.
 */
export function bearerOf(request: IncomingMessage): string | undefined {
  const headers = request.headersDistinct.authorization;
  if (headers === undefined) return undefined;
  // Of two credentials the program would choose one and whatever stands before it perhaps the other.
  const header = headers.length === 1 ? (headers[0] ?? '') : '';
  const bearer = /^Bearer ([\x21-\x7e]{1,8192})$/i.exec(header)?.[1];
  if (bearer === undefined) throw new DomainError('credential.invalid', 'The credential is not valid');
  return bearer;
}
