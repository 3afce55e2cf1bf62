import { PERMISSIONS, type Permission, permits } from '../../../../domain/identity/permission.ts';
import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';

/** Who a good credential names, and when it expires of itself, in unix milliseconds. */
export interface Shown {
  readonly principal: EndingPrincipal;
  readonly expiresAtMs?: number;
}

const ALL = Object.keys(PERMISSIONS) as readonly Permission[];

type Decisions = Map<Permission, boolean>;

/**
 * What was decided of a credential as it was shown. All that share it share this: a connection and its sessions, of
 * which each would keep a kilobyte of its own otherwise.
 */
const DECISIONS = new WeakMap<Shown, Decisions>();

function decisionsOf(shown: Shown): Decisions {
  const known = DECISIONS.get(shown);
  if (known !== undefined) return known;
  const none: Decisions = new Map();
  DECISIONS.set(shown, none);
  return none;
}

/**
 * What a session, or a connection, may do: the one thing of it that changes while it lasts. Each decision is made once
 * and dropped with the credential that it was made for.
 */
export class Authority {
  #shown: Shown;
  #decisions: Decisions;

  constructor(shown: Shown) {
    this.#shown = shown;
    this.#decisions = decisionsOf(shown);
  }

  get shown(): Shown {
    return this.#shown;
  }

  get principal(): EndingPrincipal {
    return this.#shown.principal;
  }

  /** When its credential expires, in unix milliseconds; undefined when it does not of itself. */
  get expiresAtMs(): number | undefined {
    return this.#shown.expiresAtMs;
  }

  isExpiredAt(nowMs: number): boolean {
    const { expiresAtMs } = this.#shown;
    return expiresAtMs !== undefined && nowMs >= expiresAtMs;
  }

  may(permission: Permission): boolean {
    const known = this.#decisions.get(permission);
    if (known !== undefined) return known;
    const decision = opens(this.principal, permission);
    this.#decisions.set(permission, decision);
    return decision;
  }

  /** Everything that it may do, by the names of the permissions. */
  permissions(): readonly Permission[] {
    return ALL.filter((permission) => permission !== 'public' && this.may(permission));
  }

  /** Another credential, of the same owner, takes the place of the one that was shown before. */
  renew(shown: Shown): void {
    this.#shown = shown;
    this.#decisions = decisionsOf(shown);
  }
}

/** Whether a principal may do something; whoever has to change his password first may do nothing else. */
export const opens = (principal: EndingPrincipal, permission: Permission): boolean =>
  permits(principal, permission) && !(principal.kind === 'user' && principal.mustChangePassword === true);
