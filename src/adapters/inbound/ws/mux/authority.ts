import { PERMISSIONS, type Permission, permits } from '../../../../domain/identity/permission.ts';
import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';

/** Who a good credential names, and when it expires of itself, in unix milliseconds. */
export interface Shown {
  readonly principal: EndingPrincipal;
  readonly expiresAtMs?: number;
}

const ALL = Object.keys(PERMISSIONS) as readonly Permission[];

/**
 * What a session, or a connection, may do by its credential. Never changes: another credential is another authority, with
 * which everything that was decided by the old one is gone. A connection shares its own with the sessions that show none.
 */
export class Authority {
  readonly principal: EndingPrincipal;
  /** When its credential expires, in unix milliseconds; undefined when it does not of itself. */
  readonly expiresAtMs: number | undefined;
  /** Made with the first question: most connections ask none. */
  #decisions: Map<Permission, boolean> | undefined;

  constructor({ principal, expiresAtMs }: Shown) {
    this.principal = principal;
    this.expiresAtMs = expiresAtMs;
  }

  isExpiredAt(nowMs: number): boolean {
    const { expiresAtMs } = this;
    return expiresAtMs !== undefined && nowMs >= expiresAtMs;
  }

  /** Each decision is made once. */
  may(permission: Permission): boolean {
    this.#decisions ??= new Map();
    const known = this.#decisions.get(permission);
    if (known !== undefined) return known;
    const decision = opens(this.principal, permission);
    this.#decisions.set(permission, decision);
    return decision;
  }

  /** Whether sessions are open to it whose kind takes this permission. */
  opens(permission: Permission): boolean {
    return this.may('mux.open') && this.may(permission);
  }

  /** Everything that it may do, by the names of the permissions. */
  permissions(): readonly Permission[] {
    return ALL.filter((permission) => permission !== 'public' && this.may(permission));
  }
}

/** Whether a principal may do something; whoever has to change his password first may do nothing else. */
export const opens = (principal: EndingPrincipal, permission: Permission): boolean =>
  permits(principal, permission) && !(principal.kind === 'user' && principal.mustChangePassword === true);
