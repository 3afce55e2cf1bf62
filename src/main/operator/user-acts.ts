import type { Container } from 'inversify';
import { z } from 'zod';
import type { UserProfile } from '../../application/identity/user-profile.ts';
import { ADMINISTER_USER, CREATE_USER, END_USERS_LOGINS, LIST_USERS } from '../tokens/identity.ts';
import { defineAct } from './define-act.ts';

/** Most accounts of one page. */
const MAX_PAGE = 100;

const ROLE = z.enum(['admin', 'supervisor', 'user']);
const NAMED = z.strictObject({ user: z.string().min(1).max(100) });

/** Accounts, and how many there are in all, of which these may be a page. */
export interface UsersAnswer {
  readonly users: readonly UserProfile[];
  readonly total: number;
}

/** What can be done with accounts. */
export const USER_ACTS = {
  'user.list': defineAct({
    input: z.strictObject({
      text: z.string().max(254),
      offset: z.number().int().min(0),
      limit: z.number().int().min(1).max(MAX_PAGE),
    }),
    needs: LIST_USERS,
    perform: (container, page): Promise<UsersAnswer> => container.get(LIST_USERS).execute(page),
  }),
  'user.create': defineAct({
    input: z.strictObject({ username: z.string(), email: z.string(), password: z.string(), role: ROLE }),
    needs: CREATE_USER,
    perform: async (container, { username, email, password, role }) => {
      const by = { actor: 'system', role, isVerified: true } as const;
      return one(await container.get(CREATE_USER).execute({ username, email, password, by }));
    },
  }),
  'user.role': defineAct({
    input: NAMED.extend({ role: ROLE }),
    needs: ADMINISTER_USER,
    perform: (container, { user, role }) => administer(container, { user, role }),
  }),
  'user.password': defineAct({
    input: NAMED.extend({ password: z.string() }),
    needs: ADMINISTER_USER,
    perform: (container, { user, password }) => administer(container, { user, password }),
  }),
  'user.disable': defineAct({
    input: NAMED.extend({ disabled: z.boolean() }),
    needs: ADMINISTER_USER,
    perform: (container, { user, disabled }) => administer(container, { user, disabled }),
  }),
  'user.log-out': defineAct({
    input: NAMED,
    needs: END_USERS_LOGINS,
    perform: async (container, { user }) =>
      one((await container.get(END_USERS_LOGINS).execute({ user, actor: 'system' })).user),
  }),
} as const;

async function administer(
  container: Container,
  change: { user: string; role?: z.output<typeof ROLE>; password?: string; disabled?: boolean },
): Promise<UsersAnswer> {
  return one(await container.get(ADMINISTER_USER).execute({ ...change, actor: 'system' }));
}

const one = (user: UserProfile): UsersAnswer => ({ users: [user], total: 1 });
