import type { Principal, Role } from './principal.ts';

/** Everything a route can ask for. Every route names one. */
export type Permission =
  | 'public'
  | 'service'
  | 'self.read'
  | 'self.write'
  | 'chat.use'
  | 'chat.observe'
  | 'chat.read-any'
  | 'credit.read-own'
  | 'credit.spend-own'
  | 'credit.read-any'
  | 'credit.manage'
  | 'credit.allocate'
  | 'journal.read'
  | 'users.manage';

const USER: readonly Permission[] = [
  'public',
  'self.read',
  'self.write',
  'chat.use',
  'credit.read-own',
  'credit.spend-own',
];
const SUPERVISOR: readonly Permission[] = [
  ...USER,
  'chat.observe',
  'chat.read-any',
  'credit.read-any',
  'credit.manage',
];
const ADMIN: readonly Permission[] = [...SUPERVISOR, 'credit.allocate', 'journal.read', 'users.manage'];

/** The one table of who may do what. */
export const PERMISSIONS_OF: Readonly<Record<Role | 'service', ReadonlySet<Permission>>> = {
  user: new Set(USER),
  supervisor: new Set(SUPERVISOR),
  admin: new Set(ADMIN),
  service: new Set<Permission>(['public', 'service']),
};

/** Whether a principal holds a permission; nobody holds only `public`. */
export function permits(principal: Principal | undefined, permission: Permission): boolean {
  if (permission === 'public') return true;
  if (principal === undefined) return false;
  return PERMISSIONS_OF[principal.kind === 'service' ? 'service' : principal.role].has(permission);
}
