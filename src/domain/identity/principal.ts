import type { ApiKeyId, LoginSessionId, UserId } from './ids.ts';

/** What a person may be. `enduser` is an alias of `user` on the wire and never stored. */
export type Role = 'admin' | 'supervisor' | 'user';

/** What an API key is good for. */
export type ApiKeyScope = 'chat' | 'control' | 'mux' | 'admin:read';

/** A person, whatever credential he came with. */
interface Person {
  readonly userId: UserId;
  readonly username: string;
  readonly email: string;
  readonly role: Role;
}

/** A person by one of his logins. */
export interface UserPrincipal extends Person {
  readonly kind: 'user';
  /** The login session that the credential belongs to; the credential ends with it. */
  readonly loginSessionId: LoginSessionId;
  /** Set when he came by the cookie of a login, which ends once it lies unused. */
  readonly byCookie?: true;
  /** Set while the password is one that the server chose for the first admin: nothing else is open until it is changed. */
  readonly mustChangePassword?: true;
}

/** A program of a person's by an API key, with its owner's role as it is now. */
export interface KeyPrincipal extends Person {
  readonly kind: 'key';
  /** The key that was shown; what is open ends with it. */
  readonly apiKeyId: ApiKeyId;
  readonly scopes: readonly ApiKeyScope[];
  /** When the key is good no more, in unix milliseconds; absent where it lasts until it is revoked. */
  readonly expiresAtMs?: number;
}

/** Who may own something: a person by a login, or by a key of his. */
export type PersonPrincipal = UserPrincipal | KeyPrincipal;

/**
 * An agent by its control key. It is no person: it has no account, no role and no credit, and it ends with its key alone.
 */
export interface AgentPrincipal {
  readonly kind: 'agent';
  readonly apiKeyId: ApiKeyId;
  /** `control`, and `mux` where it may come over a multiplexed connection too. */
  readonly scopes: readonly ApiKeyScope[];
  /** The agent profile that the key is bound to; a key without one is the agent by itself. */
  readonly agent?: string;
  /** When the key is good no more, in unix milliseconds; absent where it lasts until it is revoked. */
  readonly expiresAtMs?: number;
}

/** Who came with a credential that can end while it is in use. */
export type EndingPrincipal = PersonPrincipal | AgentPrincipal;

/** Another service of the same deployment, by its service key. */
export interface ServicePrincipal {
  readonly kind: 'service';
}

/** Who asks. */
export type Principal = EndingPrincipal | ServicePrincipal;

/** Whether what somebody came with is over by its own time: that of a key. A login's is its own to know. */
export const hasExpired = (principal: EndingPrincipal, nowMs: number): boolean =>
  principal.kind !== 'user' && principal.expiresAtMs !== undefined && nowMs >= principal.expiresAtMs;

/** Reads a role as callers write it. */
export function roleFrom(text: string): Role | undefined {
  if (text === 'enduser') return 'user';
  return text === 'admin' || text === 'supervisor' || text === 'user' ? text : undefined;
}
