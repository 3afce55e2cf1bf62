import type { Container } from 'inversify';
import { z } from 'zod';
import { findUser } from '../../application/identity/find-user.ts';
import { DomainError } from '../../domain/domain-error.ts';
import { API_KEY_SCOPES, type ApiKey } from '../../domain/identity/api-key.ts';
import { isApiKeyId } from '../../domain/identity/api-key-text.ts';
import type { User } from '../../domain/identity/user.ts';
import { ISSUE_API_KEY, LIST_API_KEYS, REVOKE_API_KEY } from '../tokens/identity.ts';
import { CLOCK, USERS } from '../tokens.ts';
import { defineAct } from './define-act.ts';

/** Most keys of one page. */
const MAX_PAGE = 100;
/** Longest life of a key that is asked for, in milliseconds: ten years. */
const MAX_LIFE_MS = 315_360_000_000;

const USER = z.string().min(1).max(100);

/** A key as the operator sees it: everything but the key and its hash, and its owner's name. */
export interface KeyProfile extends Omit<ApiKey, 'sha256'> {
  readonly owner?: string;
}

/** What can be done with API keys. */
export const KEY_ACTS = {
  'keys.list': defineAct({
    input: z.strictObject({
      user: USER.optional(),
      offset: z.number().int().min(0),
      limit: z.number().int().min(1).max(MAX_PAGE),
    }),
    needs: LIST_API_KEYS,
    perform: async (
      container,
      { user, offset, limit },
    ): Promise<{ readonly keys: readonly KeyProfile[] }> => {
      const owner = user === undefined ? 'everybody' : (await named(container, user)).id;
      const keys = await container.get(LIST_API_KEYS).page({ owner, offset, limit });
      return { keys: await Promise.all(keys.map((key) => profileOf(container, key))) };
    },
  }),
  'keys.create': defineAct({
    input: z.strictObject({
      user: USER.optional(),
      name: z.string(),
      scopes: z.array(z.enum(API_KEY_SCOPES)),
      agent: z.string().optional(),
      lifeMs: z.number().int().min(1).max(MAX_LIFE_MS).optional(),
    }),
    needs: ISSUE_API_KEY,
    perform: async (container, { user, name, scopes, agent, lifeMs }) => {
      const { apiKey, key } = await container.get(ISSUE_API_KEY).execute({
        maker: user === undefined ? undefined : await named(container, user),
        draft: {
          name,
          scopes,
          ...(agent === undefined ? {} : { agent }),
          ...(lifeMs === undefined ? {} : { expiresAtMs: container.get(CLOCK).nowMs() + lifeMs }),
        },
        actor: 'system',
      });
      return { key, apiKey: await profileOf(container, apiKey) };
    },
  }),
  'keys.revoke': defineAct({
    input: z.strictObject({ id: z.string().refine(isApiKeyId, 'must have the form of an API key id') }),
    needs: REVOKE_API_KEY,
    perform: async (container, { id }) => {
      await container.get(REVOKE_API_KEY).execute({ id, by: 'system' });
      return { id };
    },
  }),
} as const;

async function named(container: Container, name: string): Promise<User> {
  const user = await findUser(container.get(USERS), name);
  if (user === undefined || user.deletedAtMs !== undefined) {
    throw new DomainError('user.not_found', 'There is no such user');
  }
  if (user.disabledAtMs !== undefined) throw new DomainError('account.disabled', 'This account is disabled');
  return user;
}

async function profileOf(container: Container, { sha256: _secret, ...key }: ApiKey): Promise<KeyProfile> {
  const owner = key.ownerId === undefined ? undefined : await container.get(USERS).find(key.ownerId);
  return { ...key, ...(owner === undefined ? {} : { owner: owner.username }) };
}
