import { z } from 'zod';
import { type Role, roleFrom } from '../../../../../domain/identity/principal.ts';
import { invariant } from '../../../../../domain/invariant.ts';
import { defineRoute, type Route } from '../../route.ts';
import { actingUser } from '../acting-user.ts';
import {
  changedUserAnswer,
  createdAnswer,
  createdUserAnswer,
  endedLoginsAnswer,
  userListAnswer,
  userView,
} from './answers.ts';
import { email, newPassword, role, userListQuery, username, userPath } from './fields.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';

type Uses = Pick<
  IdentityUseCases,
  'listUsers' | 'createUser' | 'administerUser' | 'deleteUser' | 'endUsersLogins'
>;

/** Everybody's accounts, for admins. */
export const userRoutes = (useCases: Uses): Route[] => [
  list(useCases),
  create(useCases),
  change(useCases),
  remove(useCases),
  endLogins(useCases),
];

/** The role that a written one stands for. */
function storedRole(written: z.output<typeof role>): Role {
  const stored = roleFrom(written);
  invariant(stored !== undefined, `the schema lets in a role that is none: ${written}`);
  return stored;
}

const list = ({ listUsers }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/admin/users',
    operationId: 'listUsers',
    summary: 'Accounts, oldest first',
    permission: 'users.manage',
    query: userListQuery,
    answers: { 200: { description: 'A page of accounts', schema: userListAnswer } },
    async handle({ query }) {
      const { page, limit } = query;
      const found = await listUsers.execute({ text: query.query, offset: (page - 1) * limit, limit });
      const { total } = found;
      const pagination = { total, pages: Math.ceil(total / limit), currentPage: page, perPage: limit };
      return { status: 200, body: { users: found.users.map(userView), pagination } };
    },
  });

const create = ({ createUser }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/admin/users',
    operationId: 'createUser',
    summary: 'Make an account for somebody',
    permission: 'users.manage',
    confidential: true,
    body: z.object({
      username,
      email,
      password: newPassword,
      role: role.default('user'),
      isVerified: z.boolean().default(false).describe('Whether the email is known to be his'),
    }),
    answers: { 201: { description: 'The account is there', schema: createdUserAnswer } },
    refusals: ['account.taken'],
    async handle({ principal, body, requestId }) {
      const { role: written, isVerified, ...names } = body;
      const by = { actor: actingUser(principal).userId, role: storedRole(written), isVerified };
      const user = await createUser.execute({ ...names, by, requestId });
      return { status: 201, body: { userId: user.id, message: 'User created', user: userView(user) } };
    },
  });

const change = ({ administerUser }: Uses): Route =>
  defineRoute({
    method: 'patch',
    path: '/api/admin/users/:id',
    operationId: 'changeUser',
    summary: "Change somebody's role, password, verification, or whether he may log in",
    permission: 'users.manage',
    confidential: true,
    params: userPath,
    body: z.object({
      role: role.optional(),
      disabled: z.boolean().optional(),
      isVerified: z.boolean().optional(),
      password: newPassword.optional(),
    }),
    answers: { 200: { description: 'The account as it is now', schema: changedUserAnswer } },
    refusals: ['user.not_found', 'account.last_admin'],
    async handle({ principal, params, body, requestId }) {
      const user = await administerUser.execute({
        user: params.id,
        actor: actingUser(principal).userId,
        requestId,
        ...(body.role === undefined ? {} : { role: storedRole(body.role) }),
        ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
        ...(body.isVerified === undefined ? {} : { isVerified: body.isVerified }),
        ...(body.password === undefined ? {} : { password: body.password }),
      });
      return { status: 200, body: { message: 'User changed', user: userView(user) } };
    },
  });

const remove = ({ deleteUser }: Uses): Route =>
  defineRoute({
    method: 'delete',
    path: '/api/admin/users/:id',
    operationId: 'deleteUser',
    summary: 'Disable and anonymise an account; its credit journal stays',
    permission: 'users.manage',
    params: userPath,
    answers: { 200: { description: 'The account is gone', schema: createdAnswer } },
    refusals: ['user.not_found', 'account.last_admin'],
    async handle({ principal, params, requestId }) {
      const actor = actingUser(principal).userId;
      const { userId } = await deleteUser.execute({ user: params.id, actor, requestId });
      return { status: 200, body: { userId, message: 'User deleted' } };
    },
  });

const endLogins = ({ endUsersLogins }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/admin/users/:id/end-logins',
    operationId: 'endUsersLogins',
    summary: 'End every login of an account; its API keys stay',
    permission: 'users.manage',
    params: userPath,
    answers: { 200: { description: 'They have ended', schema: endedLoginsAnswer } },
    refusals: ['user.not_found'],
    async handle({ principal, params, requestId }) {
      const actor = actingUser(principal).userId;
      const { ended } = await endUsersLogins.execute({ user: params.id, actor, requestId });
      return { status: 200, body: { message: 'Logins ended', ended } };
    },
  });
