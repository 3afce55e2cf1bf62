import { expect } from 'chai';
import type { ApiKeyId, LoginSessionId, UserId } from '../../../src/domain/identity/ids.ts';
import { PERMISSIONS, type Permission, permits } from '../../../src/domain/identity/permission.ts';
import type {
  ApiKeyScope,
  KeyPrincipal,
  Role,
  UserPrincipal,
} from '../../../src/domain/identity/principal.ts';

const ann = { userId: 'u_1' as UserId, username: 'ann', email: 'ann@example.org' };
const loggedIn = (role: Role): UserPrincipal => ({
  kind: 'user',
  ...ann,
  role,
  loginSessionId: 's_1' as LoginSessionId,
});
const byKey = (role: Role, ...scopes: ApiKeyScope[]): KeyPrincipal => ({
  kind: 'key',
  ...ann,
  role,
  apiKeyId: 'k' as ApiKeyId,
  scopes,
});
const ALL = Object.keys(PERMISSIONS) as Permission[];

describe('permissions', () => {
  it('give nobody anything but what is public', () => {
    expect(ALL.filter((permission) => permits(undefined, permission))).to.deep.equal(['public']);
  });

  it('give a service its own routes and what is public', () => {
    expect(ALL.filter((permission) => permits({ kind: 'service' }, permission))).to.deep.equal([
      'public',
      'service',
    ]);
  });

  it('give no person a route between services', () => {
    for (const role of ['user', 'supervisor', 'admin'] as const)
      expect(permits(loggedIn(role), 'service')).to.equal(false);
  });

  it('grow from user to supervisor to admin', () => {
    const of = (role: Role): Permission[] => ALL.filter((permission) => permits(loggedIn(role), permission));
    expect(of('supervisor')).to.include.members(of('user'));
    expect(of('admin')).to.include.members(of('supervisor'));
    expect(of('user')).to.not.include('chat.observe');
    expect(of('supervisor')).to.not.include('users.manage');
  });

  it('give a key what its scope opens and its owner may, and no more', () => {
    expect(permits(byKey('user', 'chat'), 'chat.use')).to.equal(true);
    expect(permits(byKey('user', 'mux'), 'chat.use')).to.equal(false);
    expect(permits(byKey('admin', 'admin:read'), 'audit.read')).to.equal(true);
    expect(permits(byKey('user', 'admin:read'), 'audit.read')).to.equal(false);
    expect(permits(byKey('admin'), 'self.read')).to.equal(false);
  });

  it('give an agent its control plane, and a multiplexed connection where its key has that scope, and nothing else', () => {
    const byAgent = (...scopes: ApiKeyScope[]) => {
      const agent = { kind: 'agent', apiKeyId: 'k' as ApiKeyId, scopes } as const;
      return ALL.filter((permission) => permits(agent, permission));
    };
    expect(byAgent('control')).to.deep.equal(['public', 'control.connect']);
    expect(byAgent('control', 'mux')).to.deep.equal(['public', 'mux.open', 'control.connect']);
  });

  it('give no key what takes a login: users, credits, keys, passwords and tickets', () => {
    const key = byKey('admin', 'chat', 'control', 'mux', 'admin:read');
    const open = ALL.filter((permission) => permits(key, permission));
    expect(open).to.deep.equal([
      'public',
      'self.read',
      'chat.use',
      'mux.open',
      'journal.read',
      'audit.read',
      'operations.read',
    ]);
  });
});
