import type { ApiKeyScope, Principal, Role } from './principal.ts';

/** Who a permission opens for. */
interface Holders {
  /** `public`: everybody, also who shows no credential. */
  readonly roles: readonly (Role | 'agent' | 'service' | 'public')[];
  /**
   * The scopes with which an API key holds it too, if its owner's role does, or it is an agent's and agents do. Without
   * one only a person's login does, and every agent where agents do.
   */
  readonly scopes?: readonly ApiKeyScope[];
}

const EVERY_ROLE: readonly Role[] = ['user', 'supervisor', 'admin'];
const OFFICERS: readonly Role[] = ['supervisor', 'admin'];
/** Every scope of a key that stands for a person; a control key stands for an agent, with `mux` or without. */
const PERSONAL_SCOPES: readonly ApiKeyScope[] = ['chat', 'mux', 'admin:read'];

/**
 * The one table of who may do what (ASVS 5.0, 8.1.1). Every route names one of these permissions. Credits, users,
 * passwords, keys and tickets name no scope: they take a person's login.
 */
export const PERMISSIONS = {
  public: { roles: ['public'] },
  service: { roles: ['service'] },
  'self.read': { roles: EVERY_ROLE, scopes: PERSONAL_SCOPES },
  'self.write': { roles: EVERY_ROLE },
  'login.manage-own': { roles: EVERY_ROLE },
  'key.manage-own': { roles: EVERY_ROLE },
  'key.manage-control': { roles: ['admin'] },
  'ticket.mint': { roles: EVERY_ROLE },
  'chat.use': { roles: EVERY_ROLE, scopes: ['chat'] },
  'chat.observe': { roles: OFFICERS },
  'chat.read-any': { roles: OFFICERS },
  'mux.open': { roles: [...EVERY_ROLE, 'agent'], scopes: ['mux'] },
  'credit.read-own': { roles: EVERY_ROLE },
  'credit.spend-own': { roles: EVERY_ROLE },
  'credit.read-any': { roles: OFFICERS },
  'credit.manage': { roles: OFFICERS },
  'credit.allocate': { roles: ['admin'] },
  'journal.read': { roles: ['admin'], scopes: ['admin:read'] },
  'audit.read': { roles: ['admin'], scopes: ['admin:read'] },
  'operations.read': { roles: ['admin'], scopes: ['admin:read'] },
  'operations.manage': { roles: ['admin'] },
  'users.manage': { roles: ['admin'] },
  'control.connect': { roles: ['agent'] },
  'control.review': { roles: OFFICERS },
  'control.manage': { roles: ['admin'] },
} as const satisfies Readonly<Record<string, Holders>>;

/** Everything a route can ask for. Every route names one. */
export type Permission = keyof typeof PERMISSIONS;

/** The scopes of which a key needs one to hold a permission; none: it takes a login. */
export function scopesOf(permission: Permission): readonly ApiKeyScope[] {
  const { scopes = [] }: Holders = PERMISSIONS[permission];
  return scopes;
}

/** Whether a principal holds a permission; nobody holds only `public`. */
export function permits(principal: Principal | undefined, permission: Permission): boolean {
  const { roles }: Holders = PERMISSIONS[permission];
  if (roles.includes('public')) return true;
  if (principal === undefined) return false;
  if (principal.kind === 'service') return roles.includes('service');
  const needed = scopesOf(permission);
  if (principal.kind === 'agent' && (!roles.includes('agent') || needed.length === 0)) {
    return roles.includes('agent');
  }
  if (principal.kind !== 'agent' && !roles.includes(principal.role)) return false;
  return principal.kind === 'user' || principal.scopes.some((scope) => needed.includes(scope));
}
