import { z } from 'zod';
import { networkOf } from '../../network-of.ts';
import { defineRoute, type Route } from '../../route.ts';
import { actingUser, loggedInUser } from '../acting-user.ts';
import { changedPasswordAnswer, NO_STORE, userAnswer, userView } from './answers.ts';
import { newPassword, password } from './fields.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';

type Uses = Pick<IdentityUseCases, 'readProfile' | 'changePassword' | 'cookies'>;

/** One's own account. */
export const accountRoutes = (useCases: Uses): Route[] => [
  profile(useCases, '/api/auth/me', 'getMe'),
  profile(useCases, '/api/profile', 'getProfile'),
  changePassword(useCases),
];

const profile = ({ readProfile }: Uses, path: string, operationId: string): Route =>
  defineRoute({
    method: 'get',
    path,
    operationId,
    summary: 'Who you are',
    permission: 'self.read',
    beforePasswordChange: true,
    answers: { 200: { description: 'Your account', schema: userAnswer } },
    async handle({ principal }) {
      const user = await readProfile.execute({ userId: actingUser(principal).userId });
      return { status: 200, headers: NO_STORE, body: userView(user) };
    },
  });

const changePassword = ({ changePassword: use, cookies }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/change-password',
    operationId: 'changePassword',
    summary: 'Change your password; your other logins end',
    permission: 'self.write',
    beforePasswordChange: true,
    confidential: true,
    body: z.object({ currentPassword: password, newPassword }),
    answers: {
      200: {
        description:
          'It is changed; a fresh access token of the same login, or a fresh cookie and its csrfToken',
        schema: changedPasswordAnswer,
      },
    },
    refusals: ['credential.invalid', 'login.throttled'],
    async handle({ principal, body, address, requestId }) {
      const changed = await use.execute({
        principal: loggedInUser(principal),
        ...body,
        network: networkOf(address),
        requestId,
      });
      if (changed.kind === 'cookie') {
        const { headers, csrfToken } = cookies.handOut(changed.cookie);
        return { status: 200, headers, body: { message: 'Password changed', csrfToken } };
      }
      const { token: accessToken, expiresInSeconds: expiresIn } = changed.issued;
      return {
        status: 200,
        headers: NO_STORE,
        body: { message: 'Password changed', accessToken, expiresIn },
      };
    },
  });
