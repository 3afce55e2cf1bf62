import { z } from 'zod';
import { networkOf } from '../../network-of.ts';
import { defineRoute, type Route } from '../../route.ts';
import { createdAnswer, grantView, loginAnswer, messageAnswer, NO_STORE } from './answers.ts';
import { email, newPassword, password, refreshToken, username } from './fields.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';
import { peerOf } from './peer-of.ts';

type Uses = Pick<IdentityUseCases, 'createUser' | 'logIn' | 'refreshLogin' | 'logOut' | 'cookies'>;

/** Signing up, and a login from its begin to its end. */
export const loginRoutes = (useCases: Uses): Route[] => [
  signUp(useCases),
  logIn(useCases),
  refresh(useCases),
  logOut(useCases, '/api/auth/logout', 'logOut', false),
  logOut(useCases, '/api/auth/logout-all', 'logOutEverywhere', true),
];

const signUp = ({ createUser }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/auth/signup',
    operationId: 'signUp',
    summary: 'Make an account for yourself',
    permission: 'public',
    credentialInBody: true,
    confidential: true,
    body: z.object({ username, email, password: newPassword }),
    answers: { 201: { description: 'The account is there', schema: createdAnswer } },
    refusals: ['account.taken', 'login.throttled'],
    async handle({ body, address, requestId }) {
      const user = await createUser.execute({ ...body, network: networkOf(address), requestId });
      return { status: 201, body: { userId: user.id, message: 'User created' } };
    },
  });

const logIn = ({ logIn: use }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/auth/login',
    operationId: 'logIn',
    summary: 'Log in with a password',
    permission: 'public',
    credentialInBody: true,
    confidential: true,
    body: z.object({ username, password }),
    answers: { 200: { description: 'You are logged in', schema: loginAnswer } },
    refusals: [
      'credential.invalid',
      'login.throttled',
      'account.disabled',
      'account.password_lapsed',
      'permission.denied',
    ],
    async handle(request) {
      const { body, requestId } = request;
      const grant = await use.execute({ ...body, peer: peerOf(request), requestId });
      return { status: 200, headers: NO_STORE, body: grantView('Login successful', grant) };
    },
  });

const refresh = ({ refreshLogin }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/auth/refresh',
    operationId: 'refreshLogin',
    summary: 'Exchange a refresh token for the next pair of tokens',
    permission: 'public',
    credentialInBody: true,
    confidential: true,
    body: z.object({ refreshToken }),
    answers: { 200: { description: 'The new pair; the old refresh token is spent', schema: loginAnswer } },
    refusals: ['credential.invalid', 'credential.reused', 'login.throttled'],
    async handle(request) {
      const { body, requestId } = request;
      const grant = await refreshLogin.execute({ ...body, peer: peerOf(request), requestId });
      return { status: 200, headers: NO_STORE, body: grantView('Token refreshed', grant) };
    },
  });

/** A body that may say by which refresh token a login is known. */
const logOutBody = z
  .object({
    refreshToken: refreshToken
      .describe('Decides alone; without it the bearer token or cookie does')
      .optional(),
  })
  .prefault({});

const logOut = (
  { logOut: use, cookies }: Uses,
  path: string,
  operationId: string,
  everywhere: boolean,
): Route =>
  defineRoute({
    method: 'post',
    path,
    operationId,
    summary: everywhere ? 'End all your logins' : 'End a login',
    permission: 'public',
    credentialInBody: (body) => body.refreshToken !== undefined,
    body: logOutBody,
    answers: { 200: { description: 'It has ended, or had ended before', schema: messageAnswer } },
    refusals: ['credential.missing'],
    async handle({ body, principal, cookie, requestId }) {
      await use.execute({
        everywhere,
        requestId,
        ...(body.refreshToken === undefined ? {} : { refreshToken: body.refreshToken }),
        ...(principal?.kind === 'user' ? { principal } : {}),
      });
      const message = everywhere ? 'Logged out everywhere' : 'Logged out';
      return { status: 200, headers: cookies.takeBack(cookie), body: { message } };
    },
  });
