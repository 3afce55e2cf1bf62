import { DomainError } from '../domain-error.ts';
import type { ApiKeyId, UserId } from './ids.ts';
import type { AgentPrincipal, ApiKeyScope, KeyPrincipal, Role } from './principal.ts';
import type { User } from './user.ts';

/** Longest name of an API key, in characters. */
export const MAX_KEY_NAME_CHARACTERS = 100;
/** Most live API keys of one user. */
export const MAX_KEYS_PER_USER = 50;
/** Most live control keys of a deployment: one for each agent, and room to exchange them. */
export const MAX_CONTROL_KEYS = 1_000;
/** The last use of a key is written no more often, in milliseconds. */
export const KEY_USE_WRITTEN_EVERY_MS = 60_000;
/** How long a key that has ended is remembered, in milliseconds: 30 days. */
export const ENDED_KEY_KEPT_MS = 2_592_000_000;

/** Every scope that a key may have. */
export const API_KEY_SCOPES = [
  'chat',
  'control',
  'mux',
  'admin:read',
] as const satisfies readonly ApiKeyScope[];

/** Letters, digits and `._-`: what an agent profile may be called. */
const AGENT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** An API key as it is kept: everything but the key. */
export interface ApiKey {
  readonly id: ApiKeyId;
  /** What its maker calls it. */
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  /** SHA-256 of the whole key, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Whose role it has and with whom it ends; absent for a control key, which belongs to nobody but its agent. */
  readonly ownerId?: UserId;
  /** The agent profile that a control key is bound to. */
  readonly agent?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  /** Not exact: written once a minute at most. */
  readonly lastUsedAtMs?: number;
  readonly revokedAtMs?: number;
}

/** What somebody who makes a key asks for. */
export interface ApiKeyDraft {
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly agent?: string;
  readonly expiresAtMs?: number;
}

const refuse = (path: string, message: string): DomainError =>
  new DomainError('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });

/** Whether scopes make a control key: one of an agent, which has no person's role and belongs to no person. */
export const isControl = (key: { readonly scopes: readonly ApiKeyScope[] }): boolean =>
  key.scopes.includes('control');

/** Whether a key opens anything: neither revoked nor expired. */
export const isLiveKey = (key: ApiKey, nowMs: number): boolean =>
  key.revokedAtMs === undefined && (key.expiresAtMs === undefined || nowMs < key.expiresAtMs);

/**
 * Checks what a key is asked to be against the role of who makes it. A control key has no other scope but `mux`, which
 * is a way to come and nothing of a person's: it belongs to its agent and outlives its maker, so it must not carry
 * anything that goes with a person's role.
 *
 * @throws DomainError `request.invalid`; `permission.denied` for a scope beyond the maker's role.
 */
export function requireMintable(draft: ApiKeyDraft, makerRole: Role, nowMs: number): void {
  const { name, scopes, agent, expiresAtMs } = draft;
  const length = [...name].length;
  if (length === 0 || length > MAX_KEY_NAME_CHARACTERS || CONTROL_CHARACTER.test(name)) {
    throw refuse(
      'name',
      `must have 1 to ${MAX_KEY_NAME_CHARACTERS} characters, none of them a control character`,
    );
  }
  if (scopes.length === 0 || new Set(scopes).size !== scopes.length) {
    throw refuse('scopes', 'must name at least one scope, and each once');
  }
  if (isControl(draft) && scopes.some((scope) => scope !== 'control' && scope !== 'mux')) {
    throw refuse('scopes', 'control stands alone, or with mux');
  }
  if (agent !== undefined && !isControl(draft)) throw refuse('agent', 'goes with the scope control only');
  if (agent !== undefined && !AGENT_NAME.test(agent)) {
    throw refuse('agent', 'must have 1 to 64 letters, digits and . _ - and begin with a letter or digit');
  }
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) throw refuse('expiresAt', 'must be in the future');
  const beyond = scopes.find(
    (scope) => makerRole !== 'admin' && (scope === 'control' || scope === 'admin:read'),
  );
  if (beyond !== undefined) {
    throw new DomainError('permission.denied', `Only an admin makes keys with the scope ${beyond}`);
  }
}

/** Who a live key stands for: its owner with his present role, or the agent itself. Undefined when it has neither. */
export function principalOfKey(
  key: ApiKey,
  owner: User | undefined,
): KeyPrincipal | AgentPrincipal | undefined {
  const { id: apiKeyId, scopes, agent, expiresAtMs } = key;
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
  if (isControl(key)) {
    return { kind: 'agent', apiKeyId, scopes, ...(agent === undefined ? {} : { agent }), ...expiry };
  }
  if (owner === undefined || owner.disabledAtMs !== undefined || owner.deletedAtMs !== undefined)
    return undefined;
  const { id: userId, username, email, role } = owner;
  return { kind: 'key', userId, username, email, role, apiKeyId, scopes, ...expiry };
}
